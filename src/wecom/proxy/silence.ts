import type { Clock, Timer } from '../../kernel/clock.js';

/** Calls once when nothing was heard for a while. Being told costs nothing, since the timer looks only when it runs. */
export class Silence {
  #lastMs: number;
  #timer: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
    private readonly onSilence: () => void,
  ) {
    this.#lastMs = clock.elapsedMs();
    this.#timer = this.#lookAfter(limitMs);
  }

  broken(): void {
    this.#lastMs = this.clock.elapsedMs();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #lookAfter(ms: number): Timer {
    return this.clock.after(ms, () => {
      const leftMs = this.#lastMs + this.limitMs - this.clock.elapsedMs();
      if (leftMs <= 0) this.onSilence();
      else this.#timer = this.#lookAfter(leftMs);
    });
  }
}
