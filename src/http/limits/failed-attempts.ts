import type { Clock } from '../../kernel/clock.js';
import { newLru } from '../../kernel/lru.js';

const WINDOW_MS = 60_000;
/**
 * How many addresses are remembered, in at most 2 MB. Beyond that the addresses that failed longest ago are
 * forgotten.
 */
const ADDRESSES_MAX = 10_000;

interface Window {
  count: number;
  readonly endMs: number;
}

export interface Failures {
  /** In the running minute, with the one that was just added. */
  readonly count: number;
  /** Seconds until the minute is over, rounded up. */
  readonly leftS: number;
}

/**
 * Counts the failures of a minute, by address. It uses our clock and has a bound. The memory store of rate-limiter-flexible has
 * neither: 100,000 addresses took 42 MB and a timer each.
 */
export class FailedAttempts {
  readonly #windows = newLru<Window>(ADDRESSES_MAX);

  constructor(private readonly clock: Clock) {}

  /** @param key of an address, see `toAddressKey`. */
  add(key: string): Failures {
    const nowMs = this.clock.elapsedMs();
    let window = this.#windows.get(key);
    if (window === undefined || window.endMs <= nowMs) {
      window = { count: 0, endMs: nowMs + WINDOW_MS };
      this.#windows.set(key, window);
    }
    window.count++;
    return toFailures(window, nowMs);
  }

  /** @returns `null` when none is remembered. */
  find(key: string): Failures | null {
    const nowMs = this.clock.elapsedMs();
    const window = this.#windows.get(key);
    return window === undefined || window.endMs <= nowMs ? null : toFailures(window, nowMs);
  }
}

function toFailures({ count, endMs }: Window, nowMs: number): Failures {
  return { count, leftS: Math.ceil((endMs - nowMs) / 1_000) };
}
