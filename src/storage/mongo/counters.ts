import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { type TimedCount, Counters, toCounts } from '../counters/counters.js';
import { CONFLICT, untilNoConflict } from '../../kernel/compare-and-set.js';
import { COUNTS, isDuplicateKey, MongoStore } from './mongo-store.js';

/** Written by the driver itself, as lines are: see `queue.ts`. */
export interface CountRecord {
  /** The key. */
  readonly _id: string;
  readonly counts: readonly TimedCount[];
  /** MongoDB removes the record then. */
  readonly keptUntil: Date;
}

@Injectable()
export class MongoCounters extends Counters {
  readonly #records: Collection<CountRecord>;

  constructor(private readonly store: MongoStore) {
    super();
    this.#records = store.collection(COUNTS);
  }

  protected override change(
    key: string,
    _nowMs: number,
    keptUntilMs: number,
    decide: (before: readonly TimedCount[]) => readonly TimedCount[] | null,
  ): Promise<void> {
    const attempt = async () => {
      const record = await this.#records.findOne({ _id: key });
      const counts = decide(toCounts(record?.counts));
      if (counts === null) return;
      const after = { counts, keptUntil: new Date(keptUntilMs) };
      return (await this.#write(key, record, after)) ? undefined : CONFLICT;
    };
    return this.store.run('count', () => untilNoConflict(attempt));
  }

  /** @returns false when another process was faster. */
  async #write(key: string, before: CountRecord | null, after: Omit<CountRecord, '_id'>): Promise<boolean> {
    try {
      // `null` also matches a missing field.
      const filter = { _id: key, counts: { $eq: before?.counts ?? null } };
      if (before === null) await this.#records.insertOne({ _id: key, ...after });
      else return (await this.#records.updateOne(filter as object, { $set: after })).matchedCount === 1;
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
