import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import { type Clock, SystemClock } from '../kernel/clock.js';
import { ERRORS } from '../kernel/error-table.js';
import type { Log } from '../kernel/log.js';
import { API_HEADERS } from './answers/browser-headers.js';
import { toAppError, toErrorBody } from './answers/error-answer.js';
import { toRawAnswer } from './answers/raw-answer.js';
import { HttpCounts } from './limits/http-counts.js';
import { LogLineLimit } from './log/log-line-limit.js';
import { newRequestId, requestIdOf } from './log/request-log.js';
import { TrustedProxies } from './request/trusted-proxies.js';

/** Longer than the 60 s for which load balancers keep a connection idle, so that they close it first. */
const KEEP_ALIVE_MS = 65_000;
/** A caller that sends slowly holds a socket no longer than this. The largest body then needs 3.5 Mbit/s. */
const REQUEST_LIMIT_MS = 60_000;
const HEADERS_LIMIT_MS = 10_000;
/** How late the two limits may be; Node's default is 30 s. */
const LIMIT_CHECK_MS = 1_000;
const PATH_PARAMETER_LENGTH_MAX = 256;

/** No route has a schema of Fastify's, so ajv and fast-json-stringify, 105 files, are not loaded. */
const compileNothing = () => () => {
  throw new Error('no route has a schema');
};
const NO_SCHEMAS = { buildValidator: compileNothing, buildSerializer: compileNothing };

/** The HTTP server before the Nest application exists, with the parts that its hand-written answers use. */
export interface HttpServer {
  readonly adapter: FastifyAdapter;
  readonly proxies: TrustedProxies;
  readonly counts: HttpCounts;
  readonly logLineLimit: LogLineLimit;
}

/** Fastify as this service needs it. `HttpModule` adds what each request meets. */
export function createHttpServer(
  { trustedProxies }: Pick<Config, 'trustedProxies'>,
  log: Log,
  clock: Clock = new SystemClock(),
): HttpServer {
  const proxies = new TrustedProxies(trustedProxies);
  const logLineLimit = new LogLineLimit(clock, log);
  const adapter = new FastifyAdapter({
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_LIMIT_MS,
    // We refuse a request without Host ourselves, with an error of the usual shape.
    http: {
      headersTimeout: HEADERS_LIMIT_MS,
      connectionsCheckingInterval: LIMIT_CHECK_MS,
      requireHostHeader: false,
      shouldUpgradeCallback: isWebSocket,
    },
    routerOptions: { ignoreDuplicateSlashes: true, maxParamLength: PATH_PARAMETER_LENGTH_MAX },
    // `*` is for OPTIONS alone (RFC 9112, 3.2.4), and the router would take it for `/`.
    rewriteUrl: ({ url = '/' }) => (url === '*' ? '/*' : url),
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: proxies.isEmpty ? false : (address: string) => proxies.has(address),
    logger: false,
    skipMiddie: true,
    schemaController: { compilersFactory: NO_SCHEMAS },
    multipart: false,
    frameworkErrors: (thrown: Error, request: FastifyRequest, reply: FastifyReply) => {
      const error = toAppError(thrown);
      const { status } = ERRORS[error.code];
      // The peer's address: at this point Fastify does not know who is behind a proxy.
      log[logLineLimit.levelFor(request.ip)](
        { requestId: request.id, status, error: error.code },
        'http.refused',
      );
      counts.errorAnswered(error.code);
      reply
        .code(status)
        .headers(API_HEADERS)
        .header('x-request-id', request.id)
        .send(toErrorBody(error, request));
    },
    clientErrorHandler: (thrown: Error, socket: Socket) =>
      answerBrokenRequest(thrown, socket, counts, log, logLineLimit),
  });
  const fastify = adapter.getInstance();
  const counts = new HttpCounts(fastify.server);
  // An unknown `Expect` may be ignored (RFC 9110, 10.1.1); Node would answer it by itself, without a log
  // line.
  fastify.server.on('checkExpectation', (request, response) =>
    fastify.server.emit('request', request, response),
  );
  return { adapter, proxies, counts, logLineLimit };
}

/** Other upgrades are ignored (RFC 9110, 7.8): their requests are answered as if they asked for none. */
function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/** A request that Node's parser refuses never reaches Fastify; its answer is written by hand. */
function answerBrokenRequest(
  thrown: Error & { code?: string },
  socket: Socket,
  counts: HttpCounts,
  log: Log,
  logLineLimit: LogLineLimit,
): void {
  if (thrown.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const error = toAppError(Object.assign(thrown, { statusCode: 400 }));
  const { status } = ERRORS[error.code];
  const requestId = newRequestId();
  const level = logLineLimit.levelFor(socket.remoteAddress);
  log[level]({ requestId, status, error: error.code, reason: thrown.code }, 'http.refused');
  counts.errorAnswered(error.code);
  socket.end(toRawAnswer(error, requestId));
}
