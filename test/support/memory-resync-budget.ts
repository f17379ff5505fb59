import { grantOne, ResyncBudget } from '../../src/dispatch/redelivery/resync-budget.js';

/** The grants of each corp; several budgets on one table stand for several replicas. */
export type GrantTable = Map<string, readonly number[]>;

export class MemoryResyncBudget extends ResyncBudget {
  constructor(private readonly table: GrantTable = new Map()) {
    super();
  }

  override async take(corpId: string, nowMs: number, max?: number): Promise<number | null> {
    const granted = grantOne(this.table.get(corpId) ?? [], nowMs, max);
    if ('retryAtMs' in granted) return granted.retryAtMs;
    this.table.set(corpId, granted.grants);
    return null;
  }

  override async giveBack(corpId: string, takenAtMs: number): Promise<void> {
    const grants = this.table.get(corpId) ?? [];
    const index = grants.indexOf(takenAtMs);
    if (index !== -1) this.table.set(corpId, grants.toSpliced(index, 1));
  }
}
