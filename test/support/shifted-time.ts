/** Time that passes for a manager, and for whatever else has this as its clock, such as the local WeCom. */
import { type Clock, SYSTEM_CLOCK } from '../../packages/simulator/clock.js';
import { PreloadedNumber } from './preloaded-number.js';

export class ShiftedTime implements Clock {
  /** For the environment of the manager. */
  readonly env: Readonly<Record<string, string>>;
  readonly elapsedMs = SYSTEM_CLOCK.elapsedMs;
  readonly after = SYSTEM_CLOCK.after;
  readonly #ahead = new PreloadedNumber('shifted-time-preload.ts', 'AHEAD_MS_FILE', 0);
  #aheadMs = 0;

  /** @param hasElapsed whether durations pass for the manager, too, and not only the time of day. */
  constructor(hasElapsed = false) {
    this.env = { ...this.#ahead.env, ...(hasElapsed && { AHEAD_ELAPSED: 'true' }) };
  }

  nowMs(): number {
    return SYSTEM_CLOCK.nowMs() + this.#aheadMs;
  }

  /** Timers that run then run on as they were: what is due by now is seen at the next look. */
  goAhead(ms: number): void {
    this.goTo(this.#aheadMs + ms);
  }

  /** @param aheadMs how far it is ahead of the system's. */
  goTo(aheadMs: number): void {
    this.#aheadMs = aheadMs;
    this.#ahead.set(this.#aheadMs);
  }

  discard(): void {
    this.#ahead.discard();
  }
}
