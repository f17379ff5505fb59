import { failpoint } from '../../kernel/failpoint.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { DispatchMetrics } from '../endpoint/dispatch-metrics.js';
import type { KfEvent } from '../../queue/kf-event.js';
import { afterLateFailure, afterTakenEvent, EVENTS_MAX, type NewHint } from '../../queue/event.js';
import type { EventQueue, KeptHint } from '../../queue/event-queue.js';
import { accountKey } from '../../kernel/account.js';

type Puts = [NewHint, ...NewHint[]];

/** An event that this process keeps, or has kept. */
interface KeptHere {
  /** The lease of the attempt that was under way when it was kept; `null` when there was none. */
  readonly leaseId: string | null;
  /** Resolves when its put has ended, well or not. */
  readonly ended: Promise<unknown>;
}

/** The put that is under way for an account. Events that come meanwhile are put together after it. */
interface Lane {
  next: { readonly puts: Puts; readonly done: PromiseWithResolvers<KeptHint> } | null;
}

/**
 * Keeps the events of bots that get each of them, and knows which it kept. The outcome of one event says nothing about
 * another, so each leaves the queue by its own id.
 */
export class EventKeeper {
  readonly #lanes = new Map<string, Lane>();
  /** By account and event id; of one account at most as many as may wait. */
  readonly #kept = new Map<string, Map<string, KeptHere>>();

  constructor(
    private readonly queue: EventQueue,
    private readonly metrics: DispatchMetrics,
    private readonly storeClock: StoreClock,
  ) {}

  /** @throws AppError `STORE_UNAVAILABLE` */
  keep(put: NewHint): Promise<KeptHint> {
    const key = accountKey(put.event);
    const kept = this.#enqueue(key, put);
    this.#note(key, put.event.id, { leaseId: put.lease?.id ?? null, ended: kept.catch(() => {}) });
    return kept;
  }

  /**
   * A bot took the event.
   * @returns `null` if this process has not kept it; otherwise a promise for its removal.
   */
  taken(event: KfEvent): Promise<unknown> | null {
    if (this.#kept.size === 0) return null;
    const key = accountKey(event);
    const kept = this.#kept.get(key)?.get(event.id);
    if (kept === undefined) return null;
    this.forget(key, event.id);
    // Also after a put that failed: it may have been written.
    return kept.ended.then(() => {
      const nowMs = this.storeClock.nowMs();
      return this.queue.change(event, (hint) => afterTakenEvent(hint, event.id, nowMs));
    });
  }

  /**
   * The attempt failed that was under way when the event was kept.
   * @returns `null` if there was none; otherwise a promise for the end of its lease.
   */
  failed(event: KfEvent, retryAfterMs: number): Promise<unknown> | null {
    const key = accountKey(event);
    const { leaseId = null, ended } = this.#kept.get(key)?.get(event.id) ?? {};
    if (leaseId === null || ended === undefined) return null;
    return ended.then(() => {
      const dueAtMs = this.storeClock.nowMs() + retryAfterMs;
      return this.queue.change(event, (hint) => afterLateFailure(hint, leaseId, dueAtMs));
    });
  }

  /** The event no longer waits. */
  forget(key: string, eventId: string): void {
    const events = this.#kept.get(key);
    if (events?.delete(eventId) && events.size === 0) this.#kept.delete(key);
  }

  #note(key: string, eventId: string, kept: KeptHere): void {
    const events = this.#kept.get(key) ?? new Map<string, KeptHere>();
    this.#kept.set(key, events);
    events.delete(eventId);
    events.set(eventId, kept);
    const [oldest] = events.keys();
    if (events.size > EVENTS_MAX && oldest !== undefined) events.delete(oldest);
  }

  #enqueue(key: string, put: NewHint): Promise<KeptHint> {
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      const first: Lane = { next: null };
      this.#lanes.set(key, first);
      return this.#put(key, first, [put]);
    }
    if (lane.next === null) lane.next = { puts: [put], done: Promise.withResolvers() };
    else lane.next.puts.push(put);
    return lane.next.done.promise;
  }

  async #put(key: string, lane: Lane, puts: Puts): Promise<KeptHint> {
    try {
      const isNew = !this.#kept.has(key);
      const kept = await this.queue.put(puts, this.storeClock.nowMs(), isNew);
      failpoint('outbox.kept');
      this.metrics.hintsCoalesced(kept.merged);
      return kept;
    } finally {
      const { next } = lane;
      lane.next = null;
      if (next === null) this.#lanes.delete(key);
      else next.done.resolve(this.#put(key, lane, next.puts));
    }
  }
}
