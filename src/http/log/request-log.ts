import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import { ERRORS } from '../../kernel/error-table.js';
import type { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import type { Lifecycle } from '../../kernel/lifecycle.js';
import type { Log } from '../../kernel/log.js';
import { traceIdOf } from '../../kernel/trace-context.js';
import type { Tracing } from '../../kernel/tracing.js';
import type { LogLineLimit } from './log-line-limit.js';
import { redactUrl } from '../request/redacted-url.js';
import { isOneOfTooMany } from '../limits/refusals.js';
import { addRequestTrace, endRequestSpan } from './request-trace.js';
import { roundMs } from '../../kernel/round-ms.js';

/**
 * The fields of a request's one log line. A route may use a subclass with more fields. All fields exist from the start and are
 * filled in place, since merging objects for each line would slow down the hot path.
 */
export class RequestFields {
  requestId: string | undefined = undefined;
  /** Left out when the request belongs to no trace. */
  traceId: string | undefined = undefined;
  /** Left out when the caller hung up before its answer was written. */
  status: number | undefined = undefined;
  aborted: true | undefined = undefined;
  durationMs = 0;
  /** How many lines this one stands for; left out when each is written. */
  oneIn: number | undefined = undefined;

  /** Whether the line is always written when the request succeeds, whatever `LOG_HEALTHY_ONE_IN` is. */
  get isNews(): boolean {
    return false;
  }
}

/** The fields of routes that add none. */
class RouteFields extends RequestFields {
  constructor(
    readonly method: string,
    readonly url: string,
  ) {
    super();
  }
}

/**
 * The fields that a route adds about its work. The work may go on after the caller has the answer or has hung
 * up.
 */
export class UnitOfWork {
  #isUnderWay = true;
  #onEnd: () => void = () => {};

  /** @param line The line's name, `noun.verbed`. */
  constructor(
    readonly line: string,
    readonly fields: RequestFields,
  ) {}

  end(): void {
    this.#isUnderWay = false;
    this.#onEnd();
  }

  /** Calls `then` when the work has ended, which may be now. */
  whenEnded(then: () => void): void {
    if (this.#isUnderWay) this.#onEnd = then;
    else then();
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    unit: UnitOfWork | null;
    failure: unknown;
  }
}

/** The connection now carries another protocol. */
const SWITCHED = 101;
const PROBE = /^\/health(?:[/?]|$)/;
const SCRAPE = /^\/metrics(?:[?]|$)/;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

export function newRequestId(): string {
  return randomUUID();
}

/** The caller's `x-request-id` if it is valid, otherwise a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newRequestId();
}

/**
 * Writes one line per request, and puts the request's id into the answer. It uses hooks of Fastify, since a Nest interceptor
 * costs a third of the throughput. The end of a request is the event `close` of the response, since Fastify's hook for the end
 * does not see a caller that hangs up.
 */
export class RequestLog {
  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly tracing: Tracing,
    private readonly output: Output,
  ) {}

  /** Call it before any route is added. */
  addTo(fastify: FastifyInstance): void {
    const { lifecycle, output } = this;
    addRequestTrace(fastify, this.tracing);
    fastify.decorateRequest('unit', null);
    fastify.decorateRequest('failure', null);
    fastify.addHook('onRequest', (request, reply, done) => {
      lifecycle.requestBegan();
      reply.raw.once('close', () => {
        lifecycle.requestEnded();
        if (request.unit === null) tellEnd(output, request, reply);
        else request.unit.whenEnded(() => tellEnd(output, request, reply));
      });
      reply.header('x-request-id', request.id);
      if (lifecycle.isDraining) reply.header('connection', 'close');
      done();
    });
  }
}

interface Output {
  readonly log: Log;
  readonly healthyLogLines: HealthyLogLines;
  readonly logLineLimit: LogLineLimit;
}

function tellEnd(output: Output, request: FastifyRequest, reply: FastifyReply): void {
  endRequestSpan(request, reply);
  tellLine(output, request, reply);
}

function tellLine(
  { log, healthyLogLines, logLineLimit }: Output,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { unit, failure } = request;
  const isAborted = !reply.raw.writableFinished && reply.statusCode !== SWITCHED;
  let level = levelOf(request, isAborted ? 0 : statusOf(reply, failure));
  if (!log.isLevelEnabled(level)) return;
  if ((level === 'info' || level === 'warn') && isAtWill(request)) {
    level = logLineLimit.levelFor(request.ip);
    if (!log.isLevelEnabled(level)) return;
  }
  const name = unit?.line ?? 'http.answered';
  const isHealthy = level === 'info' && !isAborted && isGood(reply.statusCode) && !unit?.fields.isNews;
  if (isHealthy && !healthyLogLines.takes(name)) return;
  const fields = unit?.fields ?? new RouteFields(request.method, redactUrl(request.url));
  fields.requestId = request.id;
  const { trace } = request;
  if (trace !== null) fields.traceId = traceIdOf(trace.traceparent);
  if (isAborted) fields.aborted = true;
  else fields.status = reply.statusCode;
  fields.durationMs = roundMs(reply.elapsedTime);
  if (isHealthy) fields.oneIn = healthyLogLines.oneIn;
  if (failure !== null) Object.assign(fields, failureOf(failure));
  log[level](fields, name);
}

/** The status that the failure stands for. It differs from the answer when a browser was redirected to an error page. */
function statusOf({ statusCode }: FastifyReply, failure: unknown): number {
  return failure instanceof AppError ? ERRORS[failure.code].status : statusCode;
}

function isGood(status: number): boolean {
  return status === SWITCHED || (status >= 200 && status < 300);
}

/**
 * ERROR needs a person; WARN heals by itself. DEBUG is for probes, for scrapes that were let in, and for
 * repeated refusals of too many requests, which would otherwise help to fill the disk.
 */
function levelOf(
  { unit, url, failure }: FastifyRequest,
  status: number,
): 'error' | 'warn' | 'info' | 'debug' {
  const isForeseen = failure === null || failure instanceof AppError;
  if (unit === null && isForeseen && PROBE.test(url)) return 'debug';
  if (unit === null && failure === null && SCRAPE.test(url)) return 'debug';
  if (!isForeseen) return 'error';
  if (isOneOfTooMany(failure)) return 'debug';
  return status >= 500 ? 'warn' : 'info';
}

const NEEDS_NOTHING =
  /^(REQUEST_|ROUTE_|AUTH_(CROSS_SITE|HOST_FOREIGN|OIDC_OFF|OIDC_UNREACHABLE|OIDC_TOO_MANY)$)/;

/**
 * Whether a caller without a secret or a signature can cause any number of such lines. Wrong secrets and signatures have their
 * own limit (`refusals.ts`).
 */
function isAtWill(request: FastifyRequest): boolean {
  const { unit, failure, role } = request;
  if (role !== null) return false;
  if (failure instanceof AppError) return NEEDS_NOTHING.test(failure.code);
  if (unit !== null) return false;
  // Read last, since Fastify makes these options anew at each access.
  const allowed = request.routeOptions.config?.allowedCallers;
  return allowed === undefined || allowed === 'anyone';
}

/** Limit of fields with text from outside. */
const TEXT_LENGTH_MAX = 1_000;

function failureOf(failure: unknown): object {
  if (!(failure instanceof AppError)) return { err: failure };
  const { code, detail, internal, cause } = failure;
  return {
    error: code,
    reason: detail?.slice(0, TEXT_LENGTH_MAX),
    ...internal,
    ...(cause instanceof Error && { cause: cause.message.slice(0, TEXT_LENGTH_MAX) }),
  };
}
