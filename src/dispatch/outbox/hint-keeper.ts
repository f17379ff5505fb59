import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { failpoint } from '../../kernel/failpoint.js';
import { LOG, type Log } from '../../kernel/log.js';
import { Pending } from '../../kernel/pending.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { DispatchMetrics } from '../dispatch-metrics.js';
import { covers, hintKey, join, type NewHint } from './hint.js';
import type { KfEvent } from '../kf-event.js';
import { type Held, type Kept, Outbox } from './outbox.js';

interface Keeping {
  readonly hint: NewHint;
  /** The events that this put keeps: see `join`. */
  readonly events: number;
}

/** The put that is under way for an account, and the next one with the events that came meanwhile. */
interface Lane {
  next: (Keeping & { readonly done: PromiseWithResolvers<Kept> }) | null;
}

/** What this process last kept for an account. */
type Known = Pick<Kept, 'generation' | 'leaseId' | 'dated'>;

/**
 * Keeps events in the outbox, one write per account at a time, and knows what it kept. So an event that a puppet takes
 * settles the event that waits, if that is the same one or known to be older.
 */
@Injectable()
export class HintKeeper {
  readonly #lanes = new Map<string, Lane>();
  readonly #known = new Map<string, Known>();
  readonly #writes = new Pending();
  #isFailing = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly metrics: DispatchMetrics,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Whether the latest event could not be kept. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /**
   * The event is durable when it resolves, perhaps joined with a newer one.
   * @throws AppError `STORE_UNAVAILABLE`, `OUTBOX_FULL`
   */
  async keep(hint: NewHint): Promise<Kept> {
    const kept = await this.#enqueue(hint);
    if (hint.failure !== null) this.metrics.hintKept(hint.failure.stage);
    return kept;
  }

  #enqueue(hint: NewHint): Promise<Kept> {
    const key = hintKey(hint.event);
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      const first: Lane = { next: null };
      this.#lanes.set(key, first);
      return this.#put(key, first, { hint, events: 1 });
    }
    const { next } = lane;
    const done = next?.done ?? Promise.withResolvers<Kept>();
    const events = (next?.events ?? 0) + 1;
    lane.next = { hint: next === null ? hint : joinNew(next.hint, hint), events, done };
    return done.promise;
  }

  /**
   * Call it when a puppet took an event. Settles what is known to wait for the account, if the event covers it.
   * @returns whether something was settled.
   */
  taken(event: KfEvent): boolean {
    if (this.#known.size === 0) return false;
    const key = hintKey(event);
    const known = this.#known.get(key);
    if (known === undefined || !covers(event, known.dated)) return false;
    this.#known.delete(key);
    this.#settle({ key, ...known });
    return true;
  }

  /** The same for an attempt that was under way when its event was kept. @param held its lease, if it got one. */
  takenLate(event: KfEvent, held: Held | null): void {
    if (this.taken(event)) this.metrics.settledLate();
    // Another event is kept under this lease.
    else if (held !== null) this.release(held, this.storeClock.nowMs());
  }

  /** Gives back the lease after a failed attempt. */
  release(held: Held, dueAtMs: number): void {
    const known = this.#known.get(held.key);
    if (known !== undefined && known.leaseId === held.leaseId)
      this.#known.set(held.key, { ...known, leaseId: null });
    const released = this.outbox.release(held, dueAtMs, this.storeClock.nowMs());
    this.#follow(released, held, 'hint.release_failed');
  }

  /** This generation no longer waits, so no later success has to settle it. */
  forget({ key, generation }: Pick<Held, 'key' | 'generation'>): void {
    if (this.#known.get(key)?.generation === generation) this.#known.delete(key);
  }

  /** Resolves when all settling and releasing that has begun is written, or has failed. */
  async whenWritten(): Promise<void> {
    await this.#writes.whenOver();
  }

  async #put(key: string, lane: Lane, { hint, events }: Keeping): Promise<Kept> {
    try {
      const kept = await this.outbox.put(hint, this.storeClock.nowMs());
      failpoint('outbox.kept');
      this.#isFailing = false;
      this.metrics.hintsCoalesced(kept.replaced === null ? events - 1 : events);
      const { generation, leaseId, dated } = kept;
      this.#known.set(key, { generation, leaseId, dated });
      return kept;
    } catch (error) {
      this.#isFailing = !(error instanceof AppError) || error.code !== 'OUTBOX_FULL';
      throw error;
    } finally {
      this.#goOn(key, lane);
    }
  }

  #goOn(key: string, lane: Lane): void {
    const { next } = lane;
    lane.next = null;
    if (next === null) this.#lanes.delete(key);
    else next.done.resolve(this.#put(key, lane, next));
  }

  #settle(held: Held): void {
    // If it fails, the event is delivered once more, which is harmless.
    this.#follow(this.outbox.settle(held, this.storeClock.nowMs()), held, 'hint.settle_failed');
  }

  #follow(write: Promise<void>, { key }: Held, failed: string): void {
    this.#writes.add(write).catch((err: unknown) => this.log.debug({ hint: key, err }, failed));
  }
}

function joinNew(before: NewHint, put: NewHint): NewHint {
  const { keeps, dated } = join(before.event, put);
  const kept = keeps === 'put' ? put : before;
  return { ...kept, event: { ...kept.event, ...dated } };
}
