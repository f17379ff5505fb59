import type { Clock, Timer } from '../../kernel/clock.js';

export interface SilenceLimits {
  /** Between one sign of life and the next. */
  readonly pauseMs: number;
  /** For the whole exchange. It is checked only when a pause may be over, so it may end late by one pause. */
  readonly totalMs: number;
}

/**
 * Calls `onSilence` once, when nothing was heard for `pauseMs` or the exchange takes longer than `totalMs`. `broken` only notes
 * the time and restarts no timer, since it runs for each piece of a body.
 */
export class Silence {
  readonly #startedMs: number;
  #lastMs: number;
  #timer: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly limits: SilenceLimits,
    private readonly onSilence: () => void,
  ) {
    this.#startedMs = clock.elapsedMs();
    this.#lastMs = this.#startedMs;
    this.#timer = this.#lookAfter(limits.pauseMs);
  }

  /** Call it at each sign of life. */
  broken(): void {
    this.#lastMs = this.clock.elapsedMs();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #lookAfter(ms: number): Timer {
    return this.clock.after(ms, () => {
      const nowMs = this.clock.elapsedMs();
      const leftMs = this.#lastMs + this.limits.pauseMs - nowMs;
      if (leftMs <= 0 || nowMs - this.#startedMs >= this.limits.totalMs) this.onSilence();
      else this.#timer = this.#lookAfter(leftMs);
    });
  }
}
