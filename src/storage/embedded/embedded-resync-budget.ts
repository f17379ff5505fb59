import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import { grantOne, ResyncBudget } from '../../dispatch/redelivery/resync-budget.js';
import { EmbeddedStore } from './embedded-store.js';

/** Decides in memory and in one turn; what was granted counts when it is on the disk. */
@Injectable()
export class EmbeddedResyncBudget extends ResyncBudget {
  readonly #store: EmbeddedStore;
  readonly #stored: Database<unknown, string>;
  /** By corp, for those asked about since the start. */
  readonly #grants = new Map<string, readonly number[]>();

  constructor(store: EmbeddedStore) {
    super();
    this.#store = store;
    this.#stored = store.database('resyncGrants');
  }

  override async take(corpId: string, nowMs: number, max?: number): Promise<number | null> {
    const decision = grantOne(this.#grantsOf(corpId), nowMs, max);
    if ('retryAtMs' in decision) return decision.retryAtMs;
    this.#grants.set(corpId, decision.grants);
    try {
      await this.#write(corpId);
    } catch (error) {
      this.#forget(corpId, nowMs);
      throw error;
    }
    return null;
  }

  override async giveBack(corpId: string, takenAtMs: number): Promise<void> {
    this.#forget(corpId, takenAtMs);
    await this.#write(corpId);
  }

  #grantsOf(corpId: string): readonly number[] {
    return this.#grants.get(corpId) ?? this.#read(corpId);
  }

  /** An unreadable record must not block the budget for ever. */
  #read(corpId: string): readonly number[] {
    try {
      const stored = this.#stored.get(corpId);
      return Array.isArray(stored) ? stored.filter(Number.isFinite) : [];
    } catch {
      return [];
    }
  }

  #forget(corpId: string, takenAtMs: number): void {
    const grants = this.#grantsOf(corpId);
    const index = grants.indexOf(takenAtMs);
    this.#grants.set(corpId, index === -1 ? grants : grants.toSpliced(index, 1));
  }

  #write(corpId: string): Promise<void> {
    return this.#store.durably('write resync grants', () => this.#stored.put(corpId, this.#grantsOf(corpId)));
  }
}
