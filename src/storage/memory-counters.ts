import { type Count, Counters } from './counters.js';

/** By key; several on one table stand for several replicas. */
export type CountTable = Map<string, { readonly counts: readonly Count[]; readonly keptUntilMs: number }>;

/** The counts of one process, forgotten with it. */
export class MemoryCounters extends Counters {
  constructor(private readonly table: CountTable = new Map()) {
    super();
  }

  protected override async change(
    key: string,
    nowMs: number,
    keptUntilMs: number,
    decide: (before: readonly Count[]) => readonly Count[] | null,
  ): Promise<void> {
    const counts = decide(this.table.get(key)?.counts ?? []);
    if (counts === null) return;
    for (const [other, kept] of this.table) if (kept.keptUntilMs <= nowMs) this.table.delete(other);
    this.table.set(key, { counts, keptUntilMs });
  }
}
