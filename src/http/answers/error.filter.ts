import { type ArgumentsHost, Catch, type ExceptionFilter, ServiceUnavailableException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import { ERRORS } from '../../kernel/error-table.js';
import { API_HEADERS } from './browser-headers.js';
import { toAppError, toErrorBody } from './error-answer.js';
import { errorPageFor } from './error-page.js';
import { challengesFor } from '../access/gate.js';
import { dropBody } from '../limits/drop-body.js';
import { HttpCounts } from '../limits/http-counts.js';
import { Refusals } from '../limits/refusals.js';
import { RouteTable } from '../routes/route-table.js';

/** Turns every thrown error into an error answer. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly routes: RouteTable,
    private readonly refusals: Refusals,
    private readonly counts: HttpCounts,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (isTerminusReport(thrown)) {
      reply.code(503).send(thrown.getResponse());
      return;
    }
    const error = this.refusals.judge(this.#withMethods(toAppError(thrown), request, reply), request.ip);
    // A streamed body is left to the route that reads it.
    if (request.bodyStream === null) dropBody(request.raw);
    request.failure = error.code === 'INTERNAL' ? (error.cause ?? error) : error;
    this.counts.errorAnswered(error.code);
    const { status } = ERRORS[error.code];
    if (status === 401) reply.header('www-authenticate', challengesFor(request));
    if (error.retryAfterS !== undefined) reply.header('retry-after', error.retryAfterS);
    if (!reply.hasHeader('content-security-policy')) reply.headers(API_HEADERS);
    const page = errorPageFor(request, error);
    if (page !== null) {
      reply.redirect(page, 303);
      return;
    }
    reply.code(status).type('application/json').send(toErrorBody(error, request));
  }

  /** For a known path with the wrong method, the answer lists the allowed methods. */
  #withMethods(error: AppError, request: FastifyRequest, reply: FastifyReply): AppError {
    if (error.code !== 'ROUTE_NOT_FOUND' && error.code !== 'REQUEST_MALFORMED') return error;
    const methods = this.routes.methodsOf(request.url);
    if (methods.length === 0 || methods.includes(request.method)) return error;
    reply.header('allow', methods.join(', '));
    return new AppError('ROUTE_METHOD_NOT_ALLOWED', { detail: methods.join(', ') });
  }
}

/** A failed health check: terminus' own JSON is the answer. */
function isTerminusReport(thrown: unknown): thrown is ServiceUnavailableException {
  if (!(thrown instanceof ServiceUnavailableException)) return false;
  const body = thrown.getResponse();
  return typeof body === 'object' && 'details' in body;
}
