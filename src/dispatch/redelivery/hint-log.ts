import { Inject, Injectable } from '@nestjs/common';
import { HealthyLines } from '../../kernel/healthy-lines.js';
import { LOG, type Log } from '../../kernel/log.js';
import { traceIdOf } from '../../kernel/trace-context.js';
import type { AttemptResult } from '../line/attempt.js';
import type { Failure, HintHead, Occasion } from '../outbox/hint.js';
import type { KfEvent } from '../kf-event.js';

const ATTEMPTED = 'hint.attempted';

/** Log lines about hints. */
@Injectable()
export class HintLog {
  constructor(
    @Inject(LOG) private readonly log: Log,
    private readonly healthyLines: HealthyLines,
  ) {}

  /** @param bot the id of the bot that was tried; left out for a puppet. */
  attempted(
    hint: HintHead,
    bot: string | undefined,
    { traceparent }: Pick<KfEvent, 'traceparent'>,
    occasion: Occasion,
    durationMs: number,
    result: AttemptResult,
  ): void {
    const { taken } = result;
    if (taken && !this.healthyLines.takes(ATTEMPTED)) return;
    const { openKfId, corpId, attempts } = hint;
    const traceId = traceparent === null ? undefined : traceIdOf(traceparent);
    const attempt = attempts + 1;
    const outcome = taken
      ? { puppetStatus: result.status, oneIn: this.healthyLines.oneIn }
      : { stage: result.stage, reason: result.reason };
    this.log.info(
      { openKfId, corpId, bot, traceId, attempt, occasion, durationMs, taken, ...outcome },
      ATTEMPTED,
    );
  }

  /** The hint is dead. @param nowMs store time. */
  buried(hint: HintHead, stage: Failure['stage'], reason: string, nowMs: number): void {
    const { openKfId, corpId, attempts, arrivedAtMs } = hint;
    const ageS = Math.round((nowMs - arrivedAtMs) / 1_000);
    this.log.warn({ openKfId, corpId, attempts, ageS, stage, reason }, 'hint.buried');
  }
}
