/** The trace that a request belongs to, and the span of its handling if spans are recorded. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import { readTraceContext, type TraceContext } from '../../kernel/trace-context.js';
import type { Span, Tracing } from '../../kernel/tracing.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The context for everything that the request causes; `null` when it belongs to no trace. */
    readonly trace: TraceContext | null;
    /** `null` when no span is recorded. */
    span: Span | null;
  }
}

/** Probes and scrapes would be most of the spans, and nobody looks at them. */
const NOT_RECORDED = /^\/(?:health|metrics)(?:[/?]|$)/;

/** Call it before any route is added. Without tracing, the headers are read only when a request's trace is asked for. */
export function addRequestTrace(fastify: FastifyInstance, tracing: Tracing): void {
  fastify.decorateRequest('span', null);
  fastify.decorateRequest('trace', {
    getter(this: FastifyRequest) {
      return this.span === null ? readTraceContext(this.raw.headers) : this.span.context;
    },
  });
  if (!tracing.isOn) return;
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (!NOT_RECORDED.test(request.url)) request.span = startSpan(tracing, request);
    done();
  });
}

function startSpan(tracing: Tracing, request: FastifyRequest): Span | null {
  const { method } = request;
  const route = request.routeOptions.url;
  const name = route === undefined ? method : `${method} ${route}`;
  const span = tracing.start('server', name, readTraceContext(request.raw.headers));
  span?.set({ 'http.request.method': method, 'http.route': route, 'url.scheme': request.protocol });
  return span;
}

/** Call it when the request has its answer and its work has ended, or when its caller hung up. */
export function endRequestSpan({ span, failure }: FastifyRequest, { raw, statusCode }: FastifyReply): void {
  if (span === null) return;
  if (!raw.writableFinished) {
    span.end('aborted');
    return;
  }
  span.set({ 'http.response.status_code': statusCode });
  const isFault = statusCode >= 500;
  span.end(isFault ? (failure instanceof AppError ? failure.code : String(statusCode)) : undefined);
}
