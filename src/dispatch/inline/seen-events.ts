import { Injectable } from '@nestjs/common';
import { newLru } from '../../kernel/lru.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { MESSAGE_LIFE_MS } from '../../queue/message.js';

/** The events that a busy process receives in 20 s, at 2,500 a second. WeCom re-sends an event within about 20 s. */
export const SEEN_EVENTS_MAX = 50_000;

/** When this process saw an event for the first time. */
export class Arrival {
  /**
   * @param atMs store time.
   * @param number counted from 1, in the order in which events came in.
   */
  constructor(
    readonly atMs: number,
    readonly number: number,
    private readonly seen: SeenEvents,
  ) {}

  /** Whether it came in before that event; false when that is not remembered. */
  isBefore(otherId: string): boolean {
    const other = this.seen.find(otherId);
    return other !== null && this.number < other.number;
  }
}

/**
 * Remembers the latest events of this process, so that an event that comes again keeps the time of its first arrival.
 * An event that was forgotten, or that came to another replica or before a restart, counts as new again. So this can
 * show that an event is older than another one, but not that it is newer.
 */
@Injectable()
export class SeenEvents {
  readonly #arrivals = newLru<Arrival>(SEEN_EVENTS_MAX);
  #count = 0;

  constructor(private readonly storeClock: StoreClock) {}

  /** Call it for each event that comes in. @returns when this event first came in. */
  note(id: string): Arrival {
    const nowMs = this.storeClock.nowMs();
    const known = this.#arrivals.get(id);
    if (known !== undefined && nowMs - known.atMs < MESSAGE_LIFE_MS) return known;
    const arrival = new Arrival(nowMs, ++this.#count, this);
    this.#arrivals.set(id, arrival);
    return arrival;
  }

  /** @returns `null` when it is not remembered. */
  find(id: string): Arrival | null {
    return this.#arrivals.peek(id) ?? null;
  }
}
