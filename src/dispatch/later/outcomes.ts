import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { failpoint } from '../../kernel/failpoint.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { DispatchMetrics } from '../endpoint/dispatch-metrics.js';
import {
  afterFailure,
  afterGivenUp,
  afterTaken,
  type HintHead,
  toNewest,
  toReleased,
} from '../../queue/event.js';
import { HintKeeper } from './hint-keeper.js';
import type { ClaimedHint, EventQueue } from '../../queue/event-queue.js';
import { HintLog } from './hint-log.js';
import { FAST_STEPS, type NextTry, nextTry } from '../../queue/retry-schedule.js';
import { type Failure, type Occasion, toFailure } from '../../queue/failure.js';

const SETTLE_TRIES = 3;
const SETTLE_AGAIN_MS = 500;

/** A hint that this process has claimed. */
export interface HintClaim {
  readonly queue: EventQueue;
  readonly hint: ClaimedHint;
  readonly occasion: Occasion;
}

/**
 * Stores the outcome of each claimed hint.
 * @throws AppError `STORE_UNAVAILABLE`; the hint is delivered again once its lease has lapsed.
 */
@Injectable()
export class HintOutcomes {
  constructor(
    private readonly keeper: HintKeeper,
    private readonly metrics: DispatchMetrics,
    private readonly log: HintLog,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  claimed(hint: ClaimedHint): void {
    if (hint.isTakenOver) this.metrics.leaseTakenOver();
  }

  async taken({ queue, hint, occasion }: HintClaim, isResync: boolean): Promise<void> {
    failpoint('delivery.taken');
    this.metrics.hintTaken(occasion, (this.storeClock.nowMs() - hint.arrivedAtMs) / 1_000, isResync);
    await this.#settle(queue, hint);
    this.keeper.forget(hint);
  }

  /** The hint is not sent before `untilMs`. After a probe, its own later time stays. */
  async putOff({ queue, hint }: HintClaim, untilMs: number): Promise<void> {
    const dueAtMs = Math.max(untilMs, hint.dueAtMs ?? untilMs);
    await queue.changeHeld(hint, this.storeClock.nowMs(), (now) => toReleased(now, dueAtMs));
  }

  /** Its bot gets one hint for all now: its other events go. */
  async keepNewest({ queue, hint }: HintClaim, nowMs: number): Promise<void> {
    await queue.changeHeld(hint, nowMs, (now) => toNewest(now, nowMs));
  }

  /**
   * Puts off a hint whose pull WeCom does not allow yet. A hint that is due gets this as its failure, in place of how
   * its bot failed before.
   */
  async waitForResync(claimed: HintClaim, untilMs: number): Promise<void> {
    const { hint, occasion } = claimed;
    if (occasion !== 'due' || hint.lastFailure?.stage === 'resync') return this.putOff(claimed, untilMs);
    const reason = 'WeCom allows few pulls without a sync token in a minute';
    await this.#untried(claimed, hint.endpoint, untilMs, 'resync', reason);
  }

  /** The account has no known puppet of this corp: nothing is sent until it has one. */
  park(claimed: HintClaim): Promise<void> {
    const reason = 'no bot of this corp takes the events of the account';
    return this.#untried(claimed, null, null, 'unregistered', reason);
  }

  /** Nothing is sent before the pause of its bot is over. @param endpoint where it is sent then. */
  pause(claimed: HintClaim, endpoint: string | null): Promise<void> {
    return this.#untried(claimed, endpoint, null, 'paused', 'its bot is paused');
  }

  /** People serve the account, as an operator said: nothing is to be delivered. */
  async unserved({ queue, hint }: HintClaim): Promise<void> {
    await this.#settle(queue, hint);
    this.keeper.forget(hint);
    this.log.unserved(hint, this.storeClock.nowMs());
  }

  /** An attempt at `endpoint` failed. @param next when the next one is due; `null` for never. */
  async notTaken(
    claimed: HintClaim,
    endpoint: string,
    failure: Failure,
    next: NextTry | null,
  ): Promise<void> {
    const { queue, hint } = claimed;
    if (next === null) return this.bury(queue, hint, failure);
    const nowMs = failure.atMs;
    // An event that came in meanwhile has a valid sync token, so it continues in the fast part of the schedule.
    const fast = nextTry(Math.min(hint.step, FAST_STEPS), 0, Math.random());
    const rescheduled = {
      endpoint,
      attempts: hint.attempts + 1,
      step: next.step,
      dueAtMs: nowMs + next.delayMs,
      failure,
      newer: { step: fast?.step ?? next.step, dueAtMs: nowMs + (fast?.delayMs ?? next.delayMs) },
    };
    await queue.changeHeld(hint, nowMs, (now) => afterFailure(now, hint, rescheduled));
  }

  /** Gives the hint's event up, if nobody else is sending it. */
  async bury(queue: EventQueue, hint: HintHead, failure: Failure): Promise<void> {
    const { atMs, stage, reason } = failure;
    const stepped = await queue.changeHeld(hint, atMs, (now) => afterGivenUp(now, hint, failure, atMs));
    if (stepped?.before?.generation !== hint.generation) return;
    this.metrics.hintBuried(stage);
    this.log.buried(hint, stage, reason, atMs);
  }

  /** No attempt was made. @param dueAtMs `null` parks the hint. */
  async #untried(
    { queue, hint }: HintClaim,
    endpoint: string | null,
    dueAtMs: number | null,
    stage: Failure['stage'],
    reason: string,
  ): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const { attempts, step } = hint;
    const failure = toFailure(nowMs, stage, reason);
    const next = { endpoint, attempts, step, dueAtMs, failure, newer: { step, dueAtMs: nowMs } };
    await queue.changeHeld(hint, nowMs, (now) => afterFailure(now, hint, next));
  }

  /** An outcome that cannot be stored costs another delivery, so the write is tried a few times. */
  async #settle(queue: EventQueue, hint: ClaimedHint): Promise<void> {
    for (let triesLeft = SETTLE_TRIES; ; triesLeft--) {
      try {
        const nowMs = this.storeClock.nowMs();
        await queue.changeHeld(hint, nowMs, (now) => afterTaken(now, hint, nowMs));
        return;
      } catch (error) {
        if (triesLeft === 1) throw error;
      }
      await this.clock.sleep(SETTLE_AGAIN_MS);
    }
  }
}
