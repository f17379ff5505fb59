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
  delivered: 0,
  deliveredLater: 0,
  kept: 0,
  refused: 0,
  notTaken: 0,
  buried: 0,
  failedAttempts: 0,
  starts: 0,
  waiting: 0,
  dead: 0,
};

function addInto(sum: { -readonly [Name in keyof Figures]: number }, added: Figures): void {
  for (const name of COUNTED) sum[name] += added[name];
  for (const name of LEVELS) sum[name] = Math.max(sum[name], added[name]);
}

/** Sums up each interval that has figures, oldest first. */
export function inIntervals(minutes: Iterable<IntervalFigures>, intervalMs: number): IntervalFigures[] {
  const sums = new Map<number, { -readonly [Name in keyof Figures]: number }>();
  for (const { atMs, figures } of minutes) {
    const startMs = startOf(atMs, intervalMs);
    const sum = sums.get(startMs) ?? { ...NO_FIGURES };
    addInto(sum, figures);
    sums.set(startMs, sum);
  }
  return [...sums].map(([atMs, figures]) => ({ atMs, figures })).sort((a, b) => a.atMs - b.atMs);
}

/** When the interval of this time began. */
export function startOf(atMs: number, intervalMs: number): number {
  return Math.floor(atMs / intervalMs) * intervalMs;
}
