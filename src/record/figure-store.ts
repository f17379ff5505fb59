import type { Figures, IntervalFigures } from './figures.js';

/** How long figures are kept. */
export const FIGURES_KEPT_MS = 3 * 86_400_000;

/** What each replica did in each minute. */
export abstract class FigureStore {
  /**
   * Adds to what is kept of the same replica and minute; of levels the highest is kept. What is older than three days is
   * removed, now or soon.
   * @param minuteMs when the minute began, store time.
   * @throws AppError `STORE_UNAVAILABLE`; it may have been added or not.
   */
  abstract add(replica: string, minuteMs: number, figures: Figures): Promise<void>;

  /**
   * The sums over all replicas since `fromMs`, in intervals that begin at multiples of `intervalMs`; of levels the highest.
   * Intervals of which nothing is kept are left out.
   * @param intervalMs whole minutes.
   * @returns oldest first.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract list(fromMs: number, intervalMs: number): Promise<readonly IntervalFigures[]>;
}
