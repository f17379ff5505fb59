import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HintCounts } from '../dispatch/outbox/hint-counts.js';
import { Clock, type Timer } from '../kernel/clock.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { HistoryAnswer } from './answers/status.dto.js';
import { toAgeS, toIso } from './api-time.js';
import { difference, Instruments, type Totals } from './instruments.js';

const INTERVAL_MS = 10_000;
/** An hour. */
const INTERVALS_MAX = 360;
const MINUTE_MS = 60_000;

/** The number of hints; `null` until the store has answered. */
type Waiting = Pick<HistoryAnswer['items'][number], 'waiting' | 'dead' | 'oldestWaitingAgeS'>;
const UNKNOWN: Waiting = { waiting: null, dead: null, oldestWaitingAgeS: null };

/** The counts at one time. */
interface Sample {
  readonly atMs: number;
  /** On the clock that never jumps. */
  readonly elapsedMs: number;
  readonly totals: Totals;
  waiting: Waiting;
}

/** The last hour of this process, sampled every 10 s. */
@Injectable()
export class History implements OnApplicationBootstrap, OnApplicationShutdown {
  /** The first sample is the start of the first interval. */
  readonly #samples: Sample[] = [];
  #timer: Timer | null = null;

  constructor(
    private readonly instruments: Instruments,
    private readonly hints: HintCounts,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  onApplicationBootstrap(): void {
    this.#add();
    this.#sampleLater();
  }

  onApplicationShutdown(): void {
    this.#timer?.cancel();
  }

  /** Counts of the last 60 s. */
  lastMinute(): Totals {
    const sinceMs = this.clock.elapsedMs() - MINUTE_MS;
    const totals = this.instruments.totals();
    const first = this.#samples.find(({ elapsedMs }) => elapsedMs >= sinceMs) ?? this.#samples.at(-1);
    return first === undefined ? totals : difference(first.totals, totals);
  }

  /** Counts of the last hour, or since the start. */
  lastHour(): Totals {
    const totals = this.instruments.totals();
    const [first] = this.#samples;
    return first === undefined ? totals : difference(first.totals, totals);
  }

  /** Oldest first. */
  toAnswer(): HistoryAnswer {
    const items = this.#samples
      .slice(1)
      .map((sample, before) => toPoint(this.#samples[before] ?? sample, sample));
    return { intervalS: INTERVAL_MS / 1_000, items };
  }

  #sampleLater(): void {
    this.#timer = this.clock.after(INTERVAL_MS, () => {
      this.#sampleLater();
      void this.#sample();
    });
  }

  async #sample(): Promise<void> {
    const sample = this.#add();
    const counts = await this.hints.latest();
    if (counts === null) return;
    const { waiting, dead, oldestWaitingAtMs } = counts;
    const nowMs = this.storeClock.nowMs();
    sample.waiting = { waiting, dead, oldestWaitingAgeS: toAgeS(nowMs, oldestWaitingAtMs ?? nowMs) };
  }

  #add(): Sample {
    const sample = {
      atMs: this.clock.nowMs(),
      elapsedMs: this.clock.elapsedMs(),
      totals: this.instruments.totals(),
      waiting: UNKNOWN,
    };
    this.#samples.push(sample);
    if (this.#samples.length > INTERVALS_MAX + 1) this.#samples.shift();
    return sample;
  }
}

function toPoint(before: Sample, { atMs, totals, waiting }: Sample): HistoryAnswer['items'][number] {
  const {
    tokenRequests: _tokens,
    proxyCalls: _calls,
    unansweredCalls: _unanswered,
    ...counts
  } = difference(before.totals, totals);
  return { at: toIso(atMs), ...counts, ...waiting };
}
