import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { failpoint } from '../../kernel/failpoint.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { DispatchMetrics } from '../endpoint/dispatch-metrics.js';
import type { HintHead } from '../../queue/event.js';
import { HintKeeper } from '../outbox/hint-keeper.js';
import type { ClaimedHint, Held, Outbox } from '../outbox/outbox.js';
import { HintLog } from './hint-log.js';
import { FAST_STEPS, type NextTry, nextTry } from '../../queue/retry-schedule.js';
import { type Failure, type Occasion, toFailure } from '../../queue/failure.js';
import { accountKey } from '../../kernel/account.js';

const SETTLE_TRIES = 3;
const SETTLE_AGAIN_MS = 500;

/** A hint that this process has claimed. */
export interface Claimed {
  readonly outbox: Outbox;
  readonly hint: ClaimedHint;
  readonly held: Held;
  readonly occasion: Occasion;
}

export function toClaimed(outbox: Outbox, hint: ClaimedHint, occasion: Occasion): Claimed {
  const held = { key: accountKey(hint), generation: hint.generation, leaseId: hint.lease.id };
  return { outbox, hint, held, occasion };
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

  async taken({ outbox, hint, held, occasion }: Claimed, isResync: boolean): Promise<void> {
    failpoint('delivery.taken');
    this.metrics.hintTaken(occasion, (this.storeClock.nowMs() - hint.arrivedAtMs) / 1_000, isResync);
    await this.#settle(outbox, held);
    this.keeper.forget(hint);
  }

  /** The hint is not sent before `untilMs`. After a probe, its own later time stays. */
  putOff({ outbox, hint, held }: Claimed, untilMs: number): Promise<void> {
    return outbox.release(held, Math.max(untilMs, hint.dueAtMs ?? untilMs), this.storeClock.nowMs());
  }

  /**
   * Puts off a hint whose pull WeCom does not allow yet. A hint that is due gets this as its failure, in place of how
   * its bot failed before.
   */
  async waitForResync(claimed: Claimed, untilMs: number): Promise<void> {
    const { outbox, hint, held, occasion } = claimed;
    if (occasion !== 'due' || hint.lastFailure?.stage === 'resync') return this.putOff(claimed, untilMs);
    const nowMs = this.storeClock.nowMs();
    const { endpoint, attempts, step } = hint;
    const reason = 'WeCom allows few pulls without a sync token in a minute';
    const failure = toFailure(nowMs, 'resync', reason);
    const newer = { step, dueAtMs: nowMs };
    await outbox.reschedule(held, { endpoint, attempts, step, dueAtMs: untilMs, failure, newer }, nowMs);
  }

  /** The account has no known puppet of this corp: nothing is sent until it has one. */
  async park({ outbox, hint, held }: Claimed): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const { attempts, step } = hint;
    const failure = toFailure(nowMs, 'unregistered', 'no bot of this corp takes the events of the account');
    const newer = { step, dueAtMs: nowMs };
    await outbox.reschedule(held, { endpoint: null, attempts, step, dueAtMs: null, failure, newer }, nowMs);
  }

  /** Nothing is sent before the pause of its bot is over. @param endpoint where it is sent then. */
  async pause({ outbox, hint, held }: Claimed, endpoint: string | null): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const { attempts, step } = hint;
    const failure = toFailure(nowMs, 'paused', 'its bot is paused');
    const newer = { step, dueAtMs: nowMs };
    await outbox.reschedule(held, { endpoint, attempts, step, dueAtMs: null, failure, newer }, nowMs);
  }

  /** People serve the account, as an operator said: nothing is to be delivered. */
  async unserved({ outbox, hint, held }: Claimed): Promise<void> {
    await this.#settle(outbox, held);
    this.keeper.forget(hint);
    this.log.unserved(hint, this.storeClock.nowMs());
  }

  /** An attempt at `endpoint` failed. @param next when the next one is due; `null` for never. */
  async notTaken(claimed: Claimed, endpoint: string, failure: Failure, next: NextTry | null): Promise<void> {
    const { outbox, hint, held } = claimed;
    if (next === null) return this.bury(outbox, hint, held, failure);
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
    await outbox.reschedule(held, rescheduled, nowMs);
  }

  /** Marks the hint as dead. */
  async bury(outbox: Outbox, hint: HintHead, held: Held, failure: Failure): Promise<void> {
    if (!(await outbox.bury(held, failure, failure.atMs))) return;
    this.metrics.hintBuried(failure.stage);
    this.log.buried(hint, failure.stage, failure.reason, failure.atMs);
  }

  /** An outcome that cannot be stored costs another delivery, so the write is tried a few times. */
  async #settle(outbox: Outbox, held: Held): Promise<void> {
    for (let triesLeft = SETTLE_TRIES; ; triesLeft--) {
      try {
        return await outbox.settle(held, this.storeClock.nowMs());
      } catch (error) {
        if (triesLeft === 1) throw error;
      }
      await this.clock.sleep(SETTLE_AGAIN_MS);
    }
  }
}
