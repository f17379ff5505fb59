import { Inject, Injectable } from '@nestjs/common';
import { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import { LOG, type Log } from '../../kernel/log.js';
import { traceIdOf } from '../../kernel/trace-context.js';
import type { Requester } from '../../kernel/role.js';
import { toEnd } from '../../log/delivery-record.js';
import { DeliveryRecorder } from '../../log/delivery-recorder.js';
import type { AttemptResult } from '../endpoint/attempt.js';
import type { Hint, HintHead } from '../../queue/event.js';
import type { KfEvent } from '../../queue/kf-event.js';
import type { Failure, Occasion } from '../../queue/failure.js';

const ATTEMPTED = 'hint.attempted';

/** Log lines about hints, and the ends of hints in the delivery log. */
@Injectable()
export class HintLog {
  constructor(
    @Inject(LOG) private readonly log: Log,
    private readonly healthyLogLines: HealthyLogLines,
    private readonly recorder: DeliveryRecorder,
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
    if (taken && !this.healthyLogLines.takes(ATTEMPTED)) return;
    const { openKfId, corpId, attempts } = hint;
    const traceId = traceparent === null ? undefined : traceIdOf(traceparent);
    const attempt = attempts + 1;
    const outcome = taken
      ? { botStatus: result.status, oneIn: this.healthyLogLines.oneIn }
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
    this.#end(hint, 'dead', stage, reason, nowMs);
  }

  /** An operator sends its events again, as new ones. @param hint as it was before. @param nowMs store time. */
  renamed(hint: Hint, nowMs: number): void {
    for (const { event, attempts, arrivedAtMs } of [hint, ...hint.later]) {
      const head = { ...hint, eventId: event.id, attempts, arrivedAtMs };
      this.#end(head, 'replayed', null, 'an operator sent it again', nowMs);
    }
  }

  replayed({ openKfId, corpId }: HintHead, by: Requester): void {
    this.log.info({ openKfId, corpId, ...by }, 'hint.replayed');
  }

  /** @param left how many stayed dead. */
  allReplayed(corpId: string | null, replayed: number, left: number, by: Requester): void {
    this.log.info({ corpId, replayed, left, ...by }, 'hints.replayed');
  }

  /** An operator discarded the hint. @param nowMs store time. */
  dropped(hint: HintHead, by: Requester, nowMs: number): void {
    const { openKfId, corpId, state, attempts, arrivedAtMs } = hint;
    const ageS = Math.round((nowMs - arrivedAtMs) / 1_000);
    this.log.info({ openKfId, corpId, state, attempts, ageS, ...by }, 'hint.dropped');
    this.#end(hint, 'dropped', null, 'an operator discarded it', nowMs);
  }

  /** People serve the account. @param nowMs store time. */
  unserved(hint: HintHead, nowMs: number): void {
    this.#end(hint, 'dropped', null, 'people serve the account', nowMs);
  }

  #end(
    { openKfId, corpId, eventId, attempts, arrivedAtMs }: HintHead,
    outcome: Parameters<typeof toEnd>[0],
    stage: Failure['stage'] | null,
    reason: string,
    atMs: number,
  ): void {
    const ended = { atMs, corpId, openKfId, webhookId: eventId, attempt: attempts, stage, reason };
    this.recorder.add(toEnd(outcome, ended, arrivedAtMs));
  }
}
