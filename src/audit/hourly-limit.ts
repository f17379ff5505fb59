import type { Clock } from '../kernel/clock.js';
import { newLru } from '../kernel/lru.js';

const HOUR_MS = 3_600_000;
/** Twice as many keys as there can be operators. Beyond that the ones used longest ago are forgotten. */
const KEYS_MAX = 2_000;

/** Counts of an hour, by key. */
export class HourlyLimit {
  readonly #hours = newLru<{ count: number; readonly endMs: number }>(KEYS_MAX);

  constructor(private readonly clock: Clock) {}

  /** Whether one more of the key is not too many within its hour. */
  takes(key: string, max: number): boolean {
    const nowMs = this.clock.elapsedMs();
    let hour = this.#hours.get(key);
    if (hour === undefined || hour.endMs <= nowMs) {
      hour = { count: 0, endMs: nowMs + HOUR_MS };
      this.#hours.set(key, hour);
    }
    return ++hour.count <= max;
  }
}
