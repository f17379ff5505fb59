import { expect, it } from '@jest/globals';
import { ManualClock } from '../support/manual-clock.js';
import { AppError } from '../../src/kernel/app-error.js';
import { ChangeVersion } from '../../src/storage/mongo/change-version.js';
import type { MongoStore } from '../../src/storage/mongo/mongo-store.js';

/** Gives up an operation at once where it is told to; the operation goes on, as one of MongoDB does after its deadline. */
class ImpatientStore {
  isImpatient = false;
  readonly orphans: Promise<unknown>[] = [];

  collection() {
    return { findOne: async () => ({ version: 1 }) };
  }

  async run<T>(_what: string, operation: () => Promise<T>): Promise<T> {
    const work = operation();
    if (!this.isImpatient) return work;
    this.orphans.push(work);
    throw new AppError('STORE_UNAVAILABLE');
  }
}

it.each(['load', 'changes'] as const)(
  'what was read after its deadline, and nobody has, is read again: %s',
  async (how) => {
    const store = new ImpatientStore();
    const version = new ChangeVersion(store as unknown as MongoStore, 'bots', new ManualClock());
    const readAll = async () => 'all';
    store.isImpatient = true;
    await expect(version[how]('list bots', readAll)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await Promise.all(store.orphans);
    store.isImpatient = false;
    expect(await version.changes('list bots', readAll)).toBe('all');
    expect(await version.changes('list bots', readAll)).toBeNull();
  },
);
