/** What depends on when MongoDB answers; all else is tried on a real one, in test/contracts. */
import { beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { storedApp } from '../support/apps.js';
import { ManualClock } from '../support/manual-clock.js';
import { Sealer } from '../../src/crypto/sealer.js';
import { AppError } from '../../src/kernel/app-error.js';
import { type App, APPS } from '../../src/registry/apps/app.js';
import { toFields } from '../../src/storage/records/record-kind.js';
import type { Records } from '../../src/storage/records/records.js';
import { META, type MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { MongoRecords } from '../../src/storage/mongo/records.js';

/** Gives up an operation at once where it is told to; the operation goes on, as one of MongoDB does after its deadline. */
class ImpatientStore {
  isImpatient = false;
  readonly orphans: Promise<unknown>[] = [];
  /** What the next reading of the version waits for. */
  held: Promise<void> | null = null;

  collection(name: string) {
    const document = { _id: 'id', revision: '1', fields: toFields(APPS, storedApp()) };
    if (name !== META) return { find: () => ({ toArray: async () => [document] }) };
    return {
      findOne: async () => {
        await this.held;
        return { version: 1 };
      },
    };
  }

  async run<T>(_what: string, operation: () => Promise<T>): Promise<T> {
    const work = operation();
    if (!this.isImpatient) return work;
    this.orphans.push(work);
    throw new AppError('STORE_UNAVAILABLE');
  }
}

let store: ImpatientStore;
let apps: Records<App>;

beforeEach(() => {
  store = new ImpatientStore();
  const log = pino({ level: 'silent' });
  apps = new MongoRecords(store as unknown as MongoStore, new ManualClock(), new Sealer([]), log).of(APPS);
});

it.each(['load', 'changes'] as const)(
  'what was read after its deadline, and nobody has, is read again: %s',
  async (how) => {
    store.isImpatient = true;
    await expect(apps[how]()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await Promise.all(store.orphans);
    store.isImpatient = false;
    expect(await apps.changes()).toHaveLength(1);
    expect(await apps.changes()).toBeNull();
  },
);

it('whoever loads all has them, also when somebody else has just read them', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  store.held = promise;
  const loaded = apps.load();
  store.held = null;
  await apps.changes();
  resolve();
  expect(await loaded).toHaveLength(1);
});
