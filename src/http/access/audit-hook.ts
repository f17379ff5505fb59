/**
 * Tells of every call that may change something for operators, once it is answered: who, what, and with which result. Routes
 * of operators are among them by their method; others say so by `Audited`.
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
}

export interface AnsweredCall {
  /** The name of who called; `null` for a sign-in that failed. */
  readonly operator: string | null;
  readonly method: string;
  readonly route: string;
  /** Without the query, and without what was mistaken for an id and is a secret. */
  readonly path: string;
  /** `null` when the caller hung up before the answer was written. */
  readonly status: number | null;
  readonly from: string;
  readonly requestId: string;
}

/** What a call is, as far as it can be repeated at will: one that signs in or out, one that was refused, any other. */
export type CallKind = 'sign_ins' | 'refused' | 'change';

/** Keeps them. */
export abstract class AuditedCalls {
  /** Never fails. */
  abstract record(call: AnsweredCall, kind: CallKind): void;
}

/** A route that signs operators in or out; it says itself who they are, in `request.operator`. */
export function Audited(): MethodDecorator {
  return extendRouteConfig({ isAudited: true });
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
const PATH_LENGTH_MAX = 512;

@Injectable()
export class AuditHook {
  constructor(private readonly calls: AuditedCalls) {}

  /** To be called after the gate is there, and before any route is added: what the gate refuses is told, too. */
  addTo(fastify: FastifyInstance): void {
    const listen: onRequestHookHandler = (request, reply, done) => {
      // The hook for the answer does not see a caller that hangs up.
      reply.raw.once('close', () => {
        if (request.operator !== null || isFailedSignIn(request))
          this.calls.record(toCall(request, reply), kindOf(request, reply));
      });
      done();
    };
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

/** The status is that of the answer also where the caller hung up before it. */
function kindOf({ routeOptions }: FastifyRequest, { statusCode }: FastifyReply): CallKind {
  if (routeOptions.config.isAudited === true) return 'sign_ins';
  return statusCode === 403 ? 'refused' : 'change';
}

function toCall(request: FastifyRequest, { raw, statusCode }: FastifyReply): AnsweredCall {
  const { operator, method, routeOptions, url, ip, id, failure } = request;
  // A page that says what went wrong is answered as one that went well.
  const status = failure instanceof AppError ? ERRORS[failure.code].status : statusCode;
  return {
    operator: operator?.name ?? null,
    method,
    route: routeOptions.url ?? '',
    path: pathWithoutSecrets(url).slice(0, PATH_LENGTH_MAX),
    status: raw.writableFinished ? status : null,
    from: ip,
    requestId: String(id),
  };
}
