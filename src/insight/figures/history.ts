import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { answerInTime } from '../../kernel/deadline.js';
import { Recent } from '../../kernel/recent.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { FigureStore } from '../../log/figure-store.js';
import { type IntervalFigures, inIntervals, MINUTE_MS, NO_FIGURES, startOf } from '../../log/figures.js';
import { FigureRecorder } from './figure-recorder.js';

const READ_LIMIT_MS = 1_000;
/** For how long an answer is shared: every open console asks. */
const AGE_MS_MAX = 5_000;

/** How many minutes, and how many of them are one interval: no chart has more than 180 bars. */
const RANGES = {
  '1h': { minutes: 60, perInterval: 1 },
  '6h': { minutes: 360, perInterval: 2 },
  '24h': { minutes: 1_440, perInterval: 10 },
  '3d': { minutes: 4_320, perInterval: 30 },
} as const;

export type Range = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as readonly Range[];

export interface FiguresOfRange {
  readonly intervalMs: number;
  /** False: the store does not answer, and only this replica's minute under way is counted. */
  readonly isStored: boolean;
  /** The oldest first; the last one is under way. */
  readonly intervals: readonly IntervalFigures[];
}

/** What all replicas did, from the figures that each of them stores minute by minute. */
@Injectable()
export class History {
  readonly #stored: Readonly<Record<Range, Recent<readonly IntervalFigures[] | null>>>;
  /** How many writes of this process had ended when the store was asked. */
  readonly #writesAt = new Map<Range, number>();

  constructor(
    private readonly store: FigureStore,
    private readonly recorder: FigureRecorder,
    clock: Clock,
    private readonly storeClock: StoreClock,
  ) {
    const recent = (range: Range) => [range, new Recent(clock, () => this.#read(range))];
    this.#stored = Object.fromEntries(RANGE_NAMES.map(recent));
  }

  /** The stored figures and those of this replica that are not stored yet. Only the latter if the store does not answer. */
  async of(range: Range): Promise<FiguresOfRange> {
    const isOfNow = this.#writesAt.get(range) === this.recorder.writes;
    const stored = await this.#stored[range].latest(isOfNow ? AGE_MS_MAX : 0);
    const intervalMs = intervalMsOf(range);
    const known = inIntervals([...(stored ?? []), ...this.recorder.unstored()], intervalMs);
    const byTime = new Map(known.map(({ atMs, figures }) => [atMs, figures]));
    const fromMs = this.#fromMs(range);
    const intervals = Array.from({ length: RANGES[range].minutes / RANGES[range].perInterval }, (_, n) => {
      const atMs = fromMs + n * intervalMs;
      return { atMs, figures: byTime.get(atMs) ?? NO_FIGURES };
    });
    return { intervalMs, isStored: stored !== null, intervals };
  }

  async #read(range: Range): Promise<readonly IntervalFigures[] | null> {
    this.#writesAt.set(range, this.recorder.writes);
    const figures = this.store.list(this.#fromMs(range), intervalMsOf(range));
    return answerInTime(READ_LIMIT_MS, 'list figures', figures);
  }

  #fromMs(range: Range): number {
    const intervalMs = intervalMsOf(range);
    const nowMs = startOf(this.storeClock.nowMs(), intervalMs);
    return nowMs + intervalMs - RANGES[range].minutes * MINUTE_MS;
  }
}

function intervalMsOf(range: Range): number {
  return RANGES[range].perInterval * MINUTE_MS;
}
