import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { toRawAnswer } from '../../http/answers/raw-answer.js';
import { HttpCounts } from '../../http/limits/http-counts.js';
import { isOneOfTooMany, Refusals } from '../../http/limits/refusals.js';
import { LogLineLimit } from '../../http/log/log-line-limit.js';
import { redactUrl } from '../../http/request/redacted-url.js';
import type { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { ERRORS } from '../../kernel/error-table.js';
import { LOG, type Log } from '../../kernel/log.js';
import { TunnelMetrics } from './tunnel-metrics.js';

const CHALLENGES = ['Basic realm="wxkf-manager", charset="UTF-8"', 'Bearer realm="wxkf-manager"'].map(
  (challenge) => ['Proxy-Authenticate', challenge] as const,
);
const PROXY_AUTHENTICATION_REQUIRED = 407;
/** A refused client has this long to read the answer. */
const LAST_WORDS_MS = 2_000;

/** For log fields with text that the manager did not write. */
const TEXT_LENGTH_MAX = 1_000;

/** A request for a tunnel, and what is known about it so far. */
export interface TunnelRequest {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly client: Socket;
  /** The bytes that arrived after the request's head. */
  readonly head: Buffer;
  /** The bot whose key was sent; `undefined` while it is not known. */
  botId: string | undefined;
}

/** Refuses a request for a tunnel: answers it, counts it, and writes its log line. */
@Injectable()
export class TunnelRefusals {
  constructor(
    private readonly refusals: Refusals,
    private readonly counts: HttpCounts,
    private readonly metrics: TunnelMetrics,
    private readonly logLineLimit: LogLineLimit,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  refuse(why: AppError, asked: TunnelRequest): void {
    const { client, requestId } = asked;
    const error = this.refusals.judge(why, client.remoteAddress);
    const { status } = ERRORS[error.code];
    const retryAfter = error.retryAfterS === undefined ? [] : [['Retry-After', String(error.retryAfterS)]];
    this.counts.errorAnswered(error.code);
    this.metrics.ended(error.code === 'WECOM_UNREACHABLE' ? 'unreachable' : 'refused');
    this.#tell(error, asked);
    const more = [...(status === PROXY_AUTHENTICATION_REQUIRED ? CHALLENGES : []), ...retryAfter];
    client.end(toRawAnswer(error, requestId, more as [string, string][]));
    // Unread bytes would make the operating system reset the connection, and the answer would be lost.
    client.resume();
    this.clock.after(LAST_WORDS_MS, () => client.destroy());
  }

  #tell(error: AppError, { requestId, botId, request }: TunnelRequest): void {
    const { code, detail, internal, cause } = error;
    const { status } = ERRORS[code];
    const address = request.socket.remoteAddress;
    const allowed = isOneOfTooMany(error) ? 'debug' : this.logLineLimit.levelFor(address);
    const level = allowed === 'info' && status >= 500 ? 'warn' : allowed;
    const fields = {
      requestId,
      botId,
      // The client may have put a secret here by mistake.
      target: redactUrl(request.url ?? ''),
      status,
      error: code,
      reason: detail?.slice(0, TEXT_LENGTH_MAX),
      cause: cause instanceof Error ? cause.message.slice(0, TEXT_LENGTH_MAX) : undefined,
    };
    this.log[level]({ ...fields, ...internal }, 'tunnel.refused');
  }
}
