import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { StoreClock } from '../kernel/store-clock.js';
import { HINT_LIFE_MS } from './retry-schedule.js';

/** What a busy process gets in 20 s, at 2,500 events a second. WeCom sends an event again within about that time. */
export const SEEN_EVENTS_MAX = 50_000;

/** When this process saw an event for the first time. */
interface FirstSight {
  /** Store time. */
  readonly atMs: number;
  /** Counted from 1, in the order in which events came in. */
  readonly number: number;
}

/**
 * The latest events of this process, so that one that comes again is as old as it was the first time. One that was
 * forgotten, came to another replica, or came before a restart counts as new again, and so nobody may conclude from
 * this that an event is newer than another one: only that it is older.
 */
@Injectable()
export class SeenEvents {
  readonly #sights = new LRUCache<string, FirstSight>({ max: SEEN_EVENTS_MAX });
  #count = 0;

  constructor(private readonly storeClock: StoreClock) {}

  /** An event has come in. @returns when it did so first, store time. */
  note(id: string): number {
    const nowMs = this.storeClock.nowMs();
    const known = this.#sights.get(id);
    if (known !== undefined && nowMs - known.atMs < HINT_LIFE_MS) return known.atMs;
    this.#sights.set(id, { atMs: nowMs, number: ++this.#count });
    return nowMs;
  }

  /** Whether the first came in before the other did; false where one of them is not remembered. */
  isFirst(id: string, otherId: string): boolean {
    const one = this.#sights.peek(id);
    const other = this.#sights.peek(otherId);
    return one !== undefined && other !== undefined && one.number < other.number;
  }
}
