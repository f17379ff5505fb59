import type { Clock, Timer } from '../../kernel/clock.js';

export interface SilenceLimits {
  /** Between one sign of life and the next. */
  readonly pauseMs: number;
  /** For all of it, however lively: looked at when a pause may be over, so it may be late by one. */
  readonly totalMs: number;
}

/** Calls once when nothing was heard for a while, or it takes too long. Being told costs nothing, since the timer looks only when it runs. */
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
