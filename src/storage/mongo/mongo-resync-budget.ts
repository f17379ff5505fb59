import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { grantOne, ResyncBudget } from '../../dispatch/redelivery/resync-budget.js';
import { CONFLICT, untilNoConflict } from './compare-and-set.js';
import { isDuplicateKey, MongoStore } from './mongo-store.js';

/** The grants of one corp. */
interface ResyncRecord {
  readonly _id: string;
  /** Store time, epoch milliseconds, oldest first. */
  readonly grants: readonly number[];
  /** Changed by every write. */
  readonly revision: number;
}

@Injectable()
export class MongoResyncBudget extends ResyncBudget {
  readonly #records: Collection<ResyncRecord>;

  constructor(private readonly store: MongoStore) {
    super();
    this.#records = store.collection('wxkfresyncs');
  }

  override take(corpId: string, nowMs: number, max?: number): Promise<number | null> {
    return this.#change('take resync', corpId, async (record) => {
      const granted = grantOne(record?.grants ?? [], nowMs, max);
      if ('retryAtMs' in granted) return granted.retryAtMs;
      return (await this.#write(corpId, record, granted.grants)) ? null : CONFLICT;
    });
  }

  override giveBack(corpId: string, takenAtMs: number): Promise<void> {
    return this.#change('give resync back', corpId, async (record) => {
      const index = record?.grants.indexOf(takenAtMs) ?? -1;
      if (record === null || index === -1) return;
      return (await this.#write(corpId, record, record.grants.toSpliced(index, 1))) ? undefined : CONFLICT;
    });
  }

  #change<T>(
    what: 'take resync' | 'give resync back',
    corpId: string,
    change: (record: ResyncRecord | null) => Promise<T | typeof CONFLICT>,
  ): Promise<T> {
    return this.store.run(what, () =>
      untilNoConflict(async () => change(await this.#records.findOne({ _id: corpId }))),
    );
  }

  /** @returns false when another one was faster. */
  async #write(corpId: string, before: ResyncRecord | null, grants: readonly number[]): Promise<boolean> {
    if (before === null) return this.#insert({ _id: corpId, grants, revision: 0 });
    const { matchedCount } = await this.#records.updateOne(
      { _id: corpId, revision: before.revision },
      { $set: { grants }, $inc: { revision: 1 } },
    );
    return matchedCount === 1;
  }

  async #insert(record: ResyncRecord): Promise<boolean> {
    try {
      await this.#records.insertOne(record);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
