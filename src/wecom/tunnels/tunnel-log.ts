import { Inject, Injectable } from '@nestjs/common';
import { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import { LOG, type Log } from '../../kernel/log.js';
import { roundMs } from '../../kernel/round-ms.js';
import { TunnelMetrics } from './tunnel-metrics.js';
import type { EndedTunnel } from './tunnel.js';

const CLOSED = 'tunnel.closed';

interface TunnelFields {
  readonly requestId: string;
  readonly botId: string;
  readonly corpId: string;
  readonly target: string;
}

/** Counts a tunnel that has ended, and writes its log line. */
@Injectable()
export class TunnelLog {
  constructor(
    private readonly metrics: TunnelMetrics,
    private readonly healthyLogLines: HealthyLogLines,
    @Inject(LOG) private readonly log: Log,
  ) {}

  closed(fields: TunnelFields, { why, reason, toWecomBytes, fromWecomBytes }: EndedTunnel, ms: number): void {
    this.metrics.ended(why);
    const isHealthy = why === 'ended';
    if (isHealthy && !this.healthyLogLines.takes(CLOSED)) return;
    const oneIn = isHealthy ? this.healthyLogLines.oneIn : undefined;
    const durationMs = roundMs(ms);
    this.log.info({ ...fields, toWecomBytes, fromWecomBytes, durationMs, why, reason, oneIn }, CLOSED);
  }
}
