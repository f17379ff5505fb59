import { type TimedCount, Counters } from './counters.js';

/** Counts by key. Several counters on one table stand for several replicas. */
export type CountTable = Map<
  string,
  { readonly counts: readonly TimedCount[]; readonly keptUntilMs: number }
>;

/** A smaller table is not swept. */
const SWEPT_MIN = 100;

/** The counts of one process, forgotten with it. */
export class MemoryCounters extends Counters {
  #sweptAtSize = SWEPT_MIN;

  constructor(private readonly table: CountTable = new Map()) {
    super();
  }

  protected override async change(
    key: string,
    nowMs: number,
    keptUntilMs: number,
    decide: (before: readonly TimedCount[]) => readonly TimedCount[] | null,
  ): Promise<void> {
    const counts = decide(this.table.get(key)?.counts ?? []);
    if (counts === null) return;
    this.table.set(key, { counts, keptUntilMs });
    if (this.table.size >= this.#sweptAtSize) this.#sweep(nowMs);
  }

  /** Removes expired counts. The next sweep comes when the table has doubled, so that many keys do not make a take slower. */
  #sweep(nowMs: number): void {
    for (const [key, kept] of this.table) if (kept.keptUntilMs <= nowMs) this.table.delete(key);
    this.#sweptAtSize = Math.max(SWEPT_MIN, 2 * this.table.size);
  }
}
