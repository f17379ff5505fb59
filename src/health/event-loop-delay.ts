import type { Histogram } from 'node:perf_hooks';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Clock, Timer } from '../kernel/clock.js';

const PERIOD_MS = 15_000;
const NANOSECONDS_PER_MS = 1e6;

/** How long the event loop was blocked lately. Reading resets nothing, so all readers see the same value. */
export class EventLoopDelay implements OnApplicationShutdown {
  #lastPeriodMaxMs = 0;
  #timer: Timer;

  /** @param delays in nanoseconds; reset here every 15 s. */
  constructor(
    private readonly clock: Clock,
    private readonly delays: Histogram,
  ) {
    this.#timer = this.#nextTurn();
  }

  /** The longest delay of the last 15 to 30 s, in milliseconds. */
  get maxMs(): number {
    return Math.max(this.#lastPeriodMaxMs, this.#periodMaxMs());
  }

  onApplicationShutdown(): void {
    this.#timer.cancel();
  }

  #nextTurn(): Timer {
    return this.clock.after(PERIOD_MS, () => {
      this.#lastPeriodMaxMs = this.#periodMaxMs();
      this.delays.reset();
      this.#timer = this.#nextTurn();
    });
  }

  #periodMaxMs(): number {
    return Math.round(this.delays.max / NANOSECONDS_PER_MS);
  }
}
