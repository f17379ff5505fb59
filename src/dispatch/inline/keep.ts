import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { endWith, Tracing } from '../../kernel/tracing.js';
import type { Destination } from '../../registry/accounts/destination.js';
import {
  type FailureStage,
  isHeldBack,
  LEASE_MS,
  type NotTriedStage,
  toFailure,
} from '../../queue/failure.js';
import type { Attempt, AttemptResult } from '../endpoint/attempt.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import type { KfEvent } from '../../queue/kf-event.js';
import type { NewHint } from '../../queue/event.js';
import { HintKeeper } from '../later/hint-keeper.js';
import type { KeptHint } from '../../queue/event-queue.js';
import { nextTry } from '../../queue/retry-schedule.js';
import { WaitingHints } from '../later/waiting-hints.js';
import type { Arrival } from './seen-events.js';
import { InlineWakes } from './wakes.js';

/** How long after a failed write the next one begins. */
const AGAIN_MS = 250;
/** When puppets are tried that have deregistered, or are registering with another process. */
const LATER_MS = 5_000;

/** An event as it came in. */
export interface IncomingEvent {
  readonly event: KfEvent;
  /** Where it was to go when it came in. `event.raw` was opened with the keys that its puppet had then. */
  readonly destination: Destination;
  readonly arrival: Arrival;
  /** When its callback must be answered, on the clock that never jumps. */
  readonly answerByMs: number;
  /** The `tracestate` that came with `event.traceparent`; it is not kept. */
  readonly tracestate: string | null;
}

/** Why an event was not taken in time. */
export interface FailedTry {
  readonly taken: false;
  readonly stage: FailureStage | NotTriedStage;
  readonly reason: string;
  /** The status of the answer, at the stage `status`. */
  readonly status?: number | undefined;
  /** How long its bot asked to be left alone; 0 when it did not ask. */
  readonly retryAfterMs: number;
  readonly attempts: number;
  /** Where it was tried, or would have been. */
  readonly destination: Destination;
  /** The attempt that is still under way; `null` when there is none. */
  readonly late: Attempt | null;
}

/** How it ended: the event is kept, or its puppet took it after all. */
export type KeepOutcome = { readonly keptAt: FailureStage | NotTriedStage } | { readonly status: number };

/** Keeps events that were not taken, while an attempt may still be under way: the first of taken, kept and too late decides. */
@Injectable()
export class InlineKeeper {
  constructor(
    private readonly keeper: HintKeeper,
    private readonly waiting: WaitingHints,
    private readonly wakes: InlineWakes,
    private readonly late: BackgroundWork,
    private readonly tracing: Tracing,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * @throws AppError `DISPATCH_NOT_TAKEN`, `OUTBOX_FULL`: neither kept nor taken; the puppet may still take it then.
   */
  async keep(incoming: IncomingEvent, tried: FailedTry): Promise<KeepOutcome> {
    const { late } = tried;
    const hint = this.#toHint(incoming, tried);
    const kept = this.#write(incoming, hint);
    if (late !== null) void this.late.add(this.#followLate(late, kept, incoming));
    try {
      const outcome = await (late === null ? kept : Promise.race([takenBy(late), kept]));
      if ('status' in outcome) return outcome;
    } catch (cause) {
      return await this.#giveUp(incoming, tried, hint, cause);
    }
    this.wakes.keptAfter(tried);
    return { keptAt: tried.stage };
  }

  /**
   * Tries again as long as there is time.
   * @throws AppError `STORE_UNAVAILABLE`, at the latest when the answer is due; `OUTBOX_FULL`
   */
  #write({ event, tracestate, answerByMs }: IncomingEvent, hint: NewHint): Promise<KeptHint> {
    const { traceparent, corpId, openKfId } = event;
    const parent = traceparent === null ? null : { traceparent, tracestate };
    const span = this.tracing.start('internal', 'keep', parent);
    span?.set({ 'wxkf.corp_id': corpId, 'wxkf.open_kf_id': openKfId });
    return endWith(span, this.#writeInTime(hint, answerByMs));
  }

  async #writeInTime(hint: NewHint, endMs: number): Promise<KeptHint> {
    for (;;) {
      try {
        return await this.#put(hint, endMs);
      } catch (error) {
        const isHopeless = !(error instanceof AppError) || error.code !== 'STORE_UNAVAILABLE';
        if (isHopeless || this.clock.elapsedMs() + AGAIN_MS >= endMs) throw error;
      }
      await this.clock.sleep(AGAIN_MS);
    }
  }

  async #put(hint: NewHint, endMs: number): Promise<KeptHint> {
    const put = this.keeper.keep(hint);
    if (await this.clock.within(endMs - this.clock.elapsedMs(), put)) return put;
    put.catch(() => {});
    throw new AppError('STORE_UNAVAILABLE', { internal: { what: 'keep' } });
  }

  /** The event could not be kept. Its sender is told so, unless the puppet takes it in the time that is left. */
  async #giveUp(
    { answerByMs }: IncomingEvent,
    { stage, reason, attempts, late }: FailedTry,
    hint: NewHint,
    cause: unknown,
  ): Promise<KeepOutcome> {
    if (cause instanceof AppError && cause.code === 'OUTBOX_FULL') throw cause;
    const result = late === null ? null : await this.#resultBy(late, answerByMs);
    if (result?.taken) return result;
    // Other replicas do not see the memory of this one. WeCom sends the event again.
    if (stage !== 'elsewhere') await this.waiting.tryFromMemory(hint);
    const internal = { stage, attempts, keeping: cause instanceof AppError ? cause.code : String(cause) };
    throw new AppError('DISPATCH_NOT_TAKEN', { cause, detail: reason, internal });
  }

  /** @returns `null` when there is no result by then. */
  async #resultBy({ result }: Attempt, endMs: number): Promise<AttemptResult | null> {
    return (await this.clock.within(endMs - this.clock.elapsedMs(), result)) ? result : null;
  }

  #toHint({ event, destination, arrival }: IncomingEvent, tried: FailedTry): NewHint {
    const { stage, reason, status, retryAfterMs, attempts, late } = tried;
    const nowMs = this.storeClock.nowMs();
    const { hasRecipient, endpoint, getsEach } = tried.destination;
    return {
      event,
      keepsEach: getsEach,
      isFirst: (otherId) => arrival.isBefore(otherId),
      keysId: event.raw === null ? null : destination.keysId,
      arrivedAtMs: arrival.atMs,
      attempts,
      step: attempts > 0 ? 1 : 0,
      dueAtMs: !hasRecipient || stage === 'paused' ? null : nowMs + Math.max(retryAfterMs, delayAfter(stage)),
      endpoint: endpoint?.href ?? null,
      failure: toFailure(nowMs, stage, reason, status),
      lease: late === null ? null : { id: randomUUID(), untilMs: nowMs + LEASE_MS },
    };
  }

  /** The result of an attempt that was under way when its event was kept settles the hint, or gives back its lease. */
  async #followLate(late: Attempt, keeping: Promise<KeptHint>, { event }: IncomingEvent): Promise<void> {
    const [result] = await Promise.all([late.result, keeping.catch(() => null)]);
    this.keeper.lateEnded(event, result.taken, result.taken ? 0 : result.retryAfterMs);
    this.waiting.kept.added.wakeUp();
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
  if (isHeldBack(stage) || stage === 'elsewhere') return 0;
  if (stage === 'offline' || stage === 'registering') return LATER_MS;
  return nextTry(0, 0, Math.random())?.delayMs ?? 0;
}
