import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { isOneOfTooMany } from '../../http/limits/refusals.js';
import type { LogLineLimit } from '../../http/log/log-line-limit.js';
import { redactUrl } from '../../http/request/redacted-url.js';
import type { AppError } from '../../kernel/app-error.js';
import { ERRORS } from '../../kernel/error-table.js';
import { HealthyLines } from '../../kernel/healthy-lines.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { EndedTunnel } from './tunnel.js';
import { roundMs } from '../../kernel/round-ms.js';

/** For fields with text from outside. */
const TEXT_LENGTH_MAX = 1_000;
const CLOSED = 'tunnel.closed';

export interface TunnelFields {
  readonly requestId: string;
  readonly botId: string;
  readonly corpId: string;
  readonly target: string;
}

/** The one line of each tunnel. */
@Injectable()
export class TunnelLog {
  constructor(
    private readonly healthyLines: HealthyLines,
    @Inject(LOG) private readonly log: Log,
  ) {}

  closed(fields: TunnelFields, { why, reason, toWecomBytes, fromWecomBytes }: EndedTunnel, ms: number): void {
    const isHealthy = why === 'ended';
    if (isHealthy && !this.healthyLines.takes(CLOSED)) return;
    const oneIn = isHealthy ? this.healthyLines.oneIn : undefined;
    const durationMs = roundMs(ms);
    this.log.info({ ...fields, toWecomBytes, fromWecomBytes, durationMs, why, reason, oneIn }, CLOSED);
  }

  refused(refused: RefusedTunnel, lines: LogLineLimit): void {
    const { error, requestId, botId, request } = refused;
    const { code, detail, internal, cause } = error;
    const { status } = ERRORS[code];
    const allowed = isOneOfTooMany(error) ? 'debug' : lines.levelFor(request.socket.remoteAddress);
    const level = allowed === 'info' && status >= 500 ? 'warn' : allowed;
    const fields = {
      requestId,
      botId,
      // It may be a secret in the wrong place.
      target: redactUrl(request.url ?? ''),
      status,
      error: code,
      reason: detail?.slice(0, TEXT_LENGTH_MAX),
      cause: cause instanceof Error ? cause.message.slice(0, TEXT_LENGTH_MAX) : undefined,
    };
    this.log[level]({ ...fields, ...internal }, 'tunnel.refused');
  }
}

export interface RefusedTunnel {
  readonly error: AppError;
  readonly requestId: string;
  /** `undefined` where it is not known. */
  readonly botId: string | undefined;
  readonly request: IncomingMessage;
}
