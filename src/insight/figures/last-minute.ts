import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, type Timer } from '../../kernel/clock.js';
import { difference, Instruments, type Totals } from './instruments.js';

const INTERVAL_MS = 10_000;
const MINUTE_MS = 60_000;

/** The counts at one time, on the clock that never jumps. */
interface Sample {
  readonly elapsedMs: number;
  readonly totals: Totals;
}

/** What this process did within the last 60 s, sampled every 10 s. */
@Injectable()
export class LastMinute implements OnApplicationBootstrap, OnApplicationShutdown {
  #samples: Sample[] = [];
  #timer: Timer | null = null;

  constructor(
    private readonly instruments: Instruments,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.#sample();
  }

  onApplicationShutdown(): void {
    this.#timer?.cancel();
  }

  /** Counts of the last 60 s. */
  totals(): Totals {
    const totals = this.instruments.totals();
    const first = this.#recent()[0] ?? this.#samples.at(-1);
    return first === undefined ? totals : difference(first.totals, totals);
  }

  #sample(): void {
    const sample = { elapsedMs: this.clock.elapsedMs(), totals: this.instruments.totals() };
    this.#samples = [...this.#recent(), sample];
    this.#timer = this.clock.after(INTERVAL_MS, () => this.#sample());
  }

  #recent(): Sample[] {
    const sinceMs = this.clock.elapsedMs() - MINUTE_MS;
    return this.#samples.filter(({ elapsedMs }) => elapsedMs >= sinceMs);
  }
}
