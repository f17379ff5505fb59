/**
 * Reports each call by an operator that may change something, after its answer: who called, what, and with which result. The
 * routes of operators are included by their method, other routes by `Audited`.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import { type ErrorCode, ERRORS } from '../../kernel/error-table.js';
import { pathWithoutSecrets } from '../request/redacted-url.js';
import { extendRouteConfig } from '../routes/route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    isAudited?: boolean;
  }
  interface FastifyRequest {
    /** What an operator's call was about, as far as only its handler knows it; `null` before it is done. */
    done: AuditDetails | null;
  }
}

export interface AuditDetails {
  /** The name of the app, bot or operator. */
  readonly subject: string;
  /** The fields that were changed, without their values. */
  readonly fields?: string[];
}

export interface AnsweredCall {
  /** The name of the operator; `null` for a sign-in that failed. */
  readonly operator: string | null;
  readonly method: string;
  readonly route: string;
  /** Without the query, and without secrets in the place of ids. */
  readonly path: string;
  /** Both `null` where the handler says nothing. */
  readonly subject: string | null;
  readonly fields: string[] | null;
  /** `null` when the caller hung up before the answer was written. */
  readonly status: number | null;
  readonly from: string;
  readonly requestId: string;
}

/** A sign-in or sign-out, a refused call, or any other. The first two can be repeated at will, so they are limited. */
export type CallKind = 'sign_ins' | 'refused' | 'change';

/** Keeps answered calls. */
export abstract class AuditedCalls {
  /** Never fails. */
  abstract record(call: AnsweredCall, kind: CallKind): void;
}

/** For a route that signs operators in or out. The route itself sets `request.operator`. */
export function Audited(): MethodDecorator {
  return extendRouteConfig({ isAudited: true });
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
const PATH_LENGTH_MAX = 512;

@Injectable()
export class AuditHook {
  constructor(private readonly calls: AuditedCalls) {}

  /** Call it after the gate is added, so that the gate's refusals are reported, too, and before any route is added. */
  addTo(fastify: FastifyInstance): void {
    const listen: onRequestHookHandler = (request, reply, done) => {
      // The hook for the answer does not see a caller that hangs up.
      reply.raw.once('close', () => {
        if (request.operator !== null || isFailedSignIn(request))
          this.calls.record(toCall(request, reply), kindOf(request, reply));
      });
      done();
    };
    fastify.decorateRequest('done', null);
    fastify.addHook('onRoute', (route) => {
      const { allowedCallers, isAudited = false } = route.config ?? {};
      const isOfOperators = Array.isArray(allowedCallers) && allowedCallers.includes('operator');
      const changes = [route.method].flat().some((method) => !READING.has(method));
      if (isAudited || (isOfOperators && changes)) route.onRequest = [listen, route.onRequest ?? []].flat();
    });
  }
}

const FAILED_SIGN_INS = new Set<ErrorCode>([
  'AUTH_WRONG',
  'AUTH_OIDC_NOT_BEGUN',
  'AUTH_OIDC_REFUSED',
  'AUTH_OIDC_NO_ROLE',
]);

function isFailedSignIn({ routeOptions, failure }: FastifyRequest): boolean {
  const isSignIn = routeOptions.config.isAudited === true;
  return isSignIn && failure instanceof AppError && FAILED_SIGN_INS.has(failure.code);
}

/** Uses the answer's status even if the caller hung up before the answer. */
function kindOf({ routeOptions }: FastifyRequest, { statusCode }: FastifyReply): CallKind {
  if (routeOptions.config.isAudited === true) return 'sign_ins';
  return statusCode === 403 ? 'refused' : 'change';
}

function toCall(request: FastifyRequest, { raw, statusCode }: FastifyReply): AnsweredCall {
  const { operator, method, routeOptions, url, ip, id, failure, done } = request;
  // A redirect to an error page looks like a success, so the failure's status counts.
  const status = failure instanceof AppError ? ERRORS[failure.code].status : statusCode;
  return {
    operator: operator?.name ?? null,
    method,
    route: routeOptions.url ?? '',
    path: pathWithoutSecrets(url).slice(0, PATH_LENGTH_MAX),
    subject: done?.subject ?? null,
    fields: done?.fields ?? null,
    status: raw.writableFinished ? status : null,
    from: ip,
    requestId: String(id),
  };
}
