/**
 * Refuses excess callbacks before Fastify sees them. In Fastify a refusal costs more than twice as much. Thrown there
 * as an `AppError`, it costs as much as taking the callback (docs/internals/overload.md).
 */
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Overload } from '../dispatch/inline/overload.js';
import { AppError } from '../kernel/app-error.js';
import { ERRORS } from '../kernel/error-table.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { LOG, type Log } from '../kernel/log.js';
import { API_HEADERS } from '../http/answers/browser-headers.js';
import { toErrorBody } from '../http/answers/error-answer.js';
import { HttpCounts } from '../http/limits/http-counts.js';
import { dropBody } from '../http/limits/drop-body.js';
import { filterRequests } from '../http/limits/request-filter.js';
import { requestIdOf } from '../http/log/request-log.js';
import { toRequestPath } from '../http/request/request-path.js';

/** The path of encrypted and decrypted callbacks. A verification has it too, but is a GET request, and rare. */
const CALLBACK_PATH = /^\/+callback\//;
/** WeCom ignores `Retry-After`; a gateway may use it. There is room as soon as one callback ends. */
const RETRY_AFTER_S = 1;
/** A callback of WeCom has less than 10 kB. */
const BODY_BYTES_READ_MAX = 65_536;

/** Made once, since the stack of an error costs more than the whole answer. */
const OVERLOADED = new AppError('OVERLOADED', { retryAfterS: RETRY_AFTER_S });
const { status: STATUS } = ERRORS.OVERLOADED;

/** Admits callbacks as long as there is room for one more. */
@Injectable()
export class Admission implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(Overload) private readonly overload: Pick<Overload, 'refusesNext'>,
    private readonly lifecycle: Lifecycle,
    private readonly counts: HttpCounts,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onModuleInit(): void {
    filterRequests(this.host.httpAdapter.getHttpServer(), (request, answer) => {
      const isAsked = request.method === 'POST' && isCallback(request.url ?? '');
      if (!isAsked || !this.overload.refusesNext()) return false;
      this.counts.errorAnswered(OVERLOADED.code);
      dropBody(request, BODY_BYTES_READ_MAX);
      // Answers after everything that has arrived on sockets: a client that is refused at once repeats at once, and
      // the turn of the event loop would not end.
      setImmediate(refuse, request, answer, this.lifecycle, this.log);
      return true;
    });
  }
}

/** Looks at the path as the router reads it. For the usual spelling its beginning is enough. */
function isCallback(url: string): boolean {
  if (CALLBACK_PATH.test(url)) return true;
  const isPlain = url.startsWith('/') && !url.includes('%');
  return !isPlain && CALLBACK_PATH.test(toRequestPath(url));
}

/** The connection stays open, since a new one costs more than the rest of this request. */
function refuse(
  request: FastifyRequest['raw'],
  answer: FastifyReply['raw'],
  lifecycle: Lifecycle,
  log: Log,
): void {
  const requestId = requestIdOf(request);
  const body = JSON.stringify(toErrorBody(OVERLOADED, { id: requestId, url: '' }));
  answer.writeHead(STATUS, {
    ...API_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'retry-after': String(RETRY_AFTER_S),
    'x-request-id': requestId,
    ...(lifecycle.isDraining && { connection: 'close' }),
  });
  answer.end(body);
  log.debug({ requestId, status: STATUS, error: OVERLOADED.code }, 'http.refused');
}
