/**
 * Refuses callbacks that are too many, before Fastify sees them: there it costs more than twice as much, and as an
 * error of ours as much as to take the callback (docs/overload.md).
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { AppError } from '../../kernel/app-error.js';
import { ERRORS } from '../../kernel/error-table.js';
import type { Lifecycle } from '../../kernel/lifecycle.js';
import type { Log } from '../../kernel/log.js';
import { API_HEADERS } from '../answers/browser-headers.js';
import { toErrorBody } from '../answers/error-answer.js';
import type { HttpCounts } from '../http-counts.js';
import { filterRequests } from './request-filter.js';
import { requestIdOf } from '../log/request-log.js';
import { toRequestPath } from '../request-path.js';

/** Both forms; a verification, which is a GET, is one request of a person. */
const CALLBACK_PATH = /^\/+callback\//;
/** WeCom sends again when it likes; a gateway may go by this. There is room again as soon as something ends. */
const RETRY_AFTER_S = 1;
/** What WeCom sends has less than 10 kB. */
const BODY_BYTES_READ_MAX = 65_536;

/** Made once, since the stack of an error costs more than the whole answer. */
const OVERLOADED = new AppError('OVERLOADED', { retryAfterS: RETRY_AFTER_S });
const { status: STATUS } = ERRORS.OVERLOADED;

/** @param refusesNext is asked for each callback that comes in. */
export function refuseOverload(
  server: Server,
  refusesNext: () => boolean,
  lifecycle: Lifecycle,
  counts: HttpCounts,
  log: Log,
): void {
  filterRequests(server, (request, answer) => {
    if (request.method !== 'POST' || !isCallback(request.url ?? '') || !refusesNext()) return false;
    counts.errorAnswered(OVERLOADED.code);
    // After all that has come over sockets by now: who is refused at once sends again at once, and the turn of the
    // event loop in which that is read would not end.
    setImmediate(refuse, request, answer, lifecycle, log);
    return true;
  });
}

/** By the path that is routed. As WeCom and gateways write it, that is found out by one look at its beginning. */
function isCallback(url: string): boolean {
  if (CALLBACK_PATH.test(url)) return true;
  const isPlain = url.startsWith('/') && !url.includes('%');
  return !isPlain && CALLBACK_PATH.test(toRequestPath(url));
}

/** It would be read to its end, where it is not known to be as short as callbacks are. */
function isLarge({ headers }: IncomingMessage): boolean {
  return !(Number(headers['content-length']) <= BODY_BYTES_READ_MAX);
}

/** The connection stays, since a new one costs more than what is left of this request. */
function refuse(request: IncomingMessage, answer: ServerResponse, lifecycle: Lifecycle, log: Log): void {
  const requestId = requestIdOf(request);
  const body = JSON.stringify(toErrorBody(OVERLOADED, { id: requestId, url: '' }));
  answer.writeHead(STATUS, {
    ...API_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'retry-after': String(RETRY_AFTER_S),
    'x-request-id': requestId,
    ...((lifecycle.isDraining || isLarge(request)) && { connection: 'close' }),
  });
  answer.end(body);
  log.debug({ requestId, status: STATUS, error: OVERLOADED.code }, 'http.refused');
}
