import { FigureStore, FIGURES_KEPT_MS } from '../../src/record/figure-store.js';
import {
  type Figures,
  type IntervalFigures,
  inIntervals,
  NO_FIGURES,
  together,
} from '../../src/record/figures.js';

/** By minute and replica; several stores on one table stand for several replicas. */
export type FigureTable = Map<string, IntervalFigures>;

export class MemoryFigureStore extends FigureStore {
  constructor(readonly table: FigureTable = new Map()) {
    super();
  }

  override async add(replica: string, minuteMs: number, figures: Figures): Promise<void> {
    const key = `${minuteMs} ${replica}`;
    const before = this.table.get(key)?.figures ?? NO_FIGURES;
    this.table.set(key, { atMs: minuteMs, figures: together(before, figures) });
    for (const [old, { atMs }] of this.table) if (atMs < minuteMs - FIGURES_KEPT_MS) this.table.delete(old);
  }

  override async list(fromMs: number, intervalMs: number): Promise<readonly IntervalFigures[]> {
    const since = [...this.table.values()].filter(({ atMs }) => atMs >= fromMs);
    return inIntervals(since, intervalMs);
  }
}
