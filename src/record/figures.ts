export const MINUTE_MS = 60_000;

/** What happened. */
export const COUNTED = [
  /** Events that were taken as they came in. */
  'delivered',
  /** Hints that were taken later. */
  'deliveredLater',
  'kept',
  'refused',
  'notTaken',
  /** Hints that became dead. */
  'buried',
  'failedAttempts',
  /** Processes that started. */
  'starts',
] as const;

/** How many accounts wait or are dead in the whole store, as the replica saw it. */
export const LEVELS = ['waiting', 'dead'] as const;

/** What one replica, or all, did within some time. */
export type Figures = Readonly<Record<(typeof COUNTED)[number] | (typeof LEVELS)[number], number>>;

export interface IntervalFigures {
  /** When it began, store time. */
  readonly atMs: number;
  readonly figures: Figures;
}

export const NO_FIGURES: Figures = {
  ...{ delivered: 0, deliveredLater: 0, kept: 0, refused: 0, notTaken: 0, buried: 0 },
  ...{ failedAttempts: 0, starts: 0, waiting: 0, dead: 0 },
};

/** Counts are added; of levels the higher one counts. */
export function together(one: Figures, other: Figures): Figures {
  const counts = COUNTED.map((name) => [name, one[name] + other[name]] as const);
  const levels = LEVELS.map((name) => [name, Math.max(one[name], other[name])] as const);
  return Object.fromEntries([...counts, ...levels]) as Record<keyof Figures, number>;
}

/** One for each interval in which there are any, oldest first. */
export function inIntervals(minutes: Iterable<IntervalFigures>, intervalMs: number): IntervalFigures[] {
  const sums = new Map<number, Figures>();
  for (const { atMs, figures } of minutes) {
    const startMs = startOf(atMs, intervalMs);
    sums.set(startMs, together(sums.get(startMs) ?? NO_FIGURES, figures));
  }
  return [...sums].map(([atMs, figures]) => ({ atMs, figures })).sort((a, b) => a.atMs - b.atMs);
}

/** When the interval began that this time is in. */
export function startOf(atMs: number, intervalMs: number): number {
  return Math.floor(atMs / intervalMs) * intervalMs;
}
