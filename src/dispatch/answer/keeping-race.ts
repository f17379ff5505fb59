import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { LateWork } from '../endpoint/late-work.js';
import type { Attempt, AttemptResult } from '../endpoint/attempt.js';
import type { NewHint } from '../outbox/hint.js';
import { HintKeeper } from '../outbox/hint-keeper.js';
import type { Kept } from '../outbox/outbox.js';
import { WaitingHints } from '../outbox/waiting-hints.js';
import { nextTry } from '../outbox/retry-schedule.js';
import type { Incoming, NotTaken } from './incoming.js';
import { KeptWake } from './kept-wake.js';
import { TimelyKeeper } from './timely-keeper.js';
import { type FailureStage, LEASE_MS, type NotTriedStage, toFailure } from '../../storage/queue/line.js';

/** When puppets are tried that have deregistered, or are registering with another process. */
const LATER_MS = 5_000;

/** How the race ended: the event is kept, or its puppet took it after all. */
export type RaceOutcome = { readonly keptAt: FailureStage | NotTriedStage } | { readonly status: number };

/** Keeps an event while an attempt at its puppet may still be under way. The first of taken, kept and too late decides. */
@Injectable()
export class KeepingRace {
  constructor(
    private readonly timely: TimelyKeeper,
    private readonly keeper: HintKeeper,
    private readonly wake: KeptWake,
    private readonly waiting: WaitingHints,
    private readonly late: LateWork,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * @throws AppError `DISPATCH_NOT_TAKEN`, `OUTBOX_FULL`: neither kept nor taken; the puppet may still take it then.
   */
  async run(incoming: Incoming, tried: NotTaken): Promise<RaceOutcome> {
    const { late } = tried;
    const hint = this.#toHint(incoming, tried);
    const kept = this.timely.keep(incoming, hint);
    if (late !== null) void this.late.add(this.#followLate(late, kept, incoming));
    try {
      const outcome = await (late === null ? kept : Promise.race([takenBy(late), kept]));
      if ('status' in outcome) return outcome;
    } catch (cause) {
      return await this.#giveUp(incoming, tried, hint, cause);
    }
    this.wake.after(tried);
    return { keptAt: tried.stage };
  }

  /** The event could not be kept. Its sender is told so, unless the puppet takes it in the time that is left. */
  async #giveUp(
    { answerByMs }: Incoming,
    { stage, reason, attempts, late }: NotTaken,
    hint: NewHint,
    cause: unknown,
  ): Promise<RaceOutcome> {
    if (cause instanceof AppError && cause.code === 'OUTBOX_FULL') throw cause;
    const result = late === null ? null : await this.#resultBy(late, answerByMs);
    if (result?.taken) return result;
    await this.waiting.tryFromMemory(hint);
    const internal = { stage, attempts, keeping: cause instanceof AppError ? cause.code : String(cause) };
    throw new AppError('DISPATCH_NOT_TAKEN', { cause, detail: reason, internal });
  }

  /** @returns `null` when there is no result by then. */
  async #resultBy({ result }: Attempt, endMs: number): Promise<AttemptResult | null> {
    return (await this.clock.within(endMs - this.clock.elapsedMs(), result)) ? result : null;
  }

  #toHint({ event, destination, arrival }: Incoming, tried: NotTaken): NewHint {
    const { stage, reason, status, retryAfterMs, attempts, late } = tried;
    const nowMs = this.storeClock.nowMs();
    const { hasTaker, endpoint, getsEach } = tried.destination;
    return {
      event,
      keepsEach: getsEach,
      isFirst: (otherId) => arrival.isBefore(otherId),
      keysId: event.raw === null ? null : destination.keysId,
      arrivedAtMs: arrival.atMs,
      attempts,
      step: attempts > 0 ? 1 : 0,
      dueAtMs: !hasTaker || stage === 'paused' ? null : nowMs + Math.max(retryAfterMs, delayAfter(stage)),
      endpoint: endpoint?.href ?? null,
      failure: toFailure(nowMs, stage, reason, status),
      lease: late === null ? null : { id: randomUUID(), untilMs: nowMs + LEASE_MS },
    };
  }

  /** The result of an attempt that was under way when its event was kept settles the hint, or gives back its lease. */
  async #followLate(late: Attempt, keeping: Promise<Kept>, { event }: Incoming): Promise<void> {
    const [result] = await Promise.all([late.result, keeping.catch(() => null)]);
    this.keeper.lateEnded(event, result.taken, result.taken ? 0 : result.retryAfterMs);
    this.waiting.kept.wakeUp();
  }
}

/** Never settles when the event was not taken. */
function takenBy(attempt: Attempt): Promise<{ readonly status: number }> {
  return new Promise((resolve) => {
    void attempt.result.then((result) => {
      if (result.taken) resolve(result);
    });
  });
}

function delayAfter(stage: FailureStage | NotTriedStage): number {
  if (stage === 'circuit') return 0;
  if (stage === 'offline' || stage === 'registering') return LATER_MS;
  return nextTry(0, 0, Math.random())?.delayMs ?? 0;
}
