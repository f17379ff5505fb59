import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Counters } from '../../src/storage/counters/counters.js';
import type { CountRecord } from '../../src/storage/mongo/counters.js';
import { COUNTS, MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { SqliteCounters } from '../../src/storage/sqlite/counters.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { mongoPlace } from '../support/each-store.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { countersContract, type OpenedCounters } from './counters.contract.js';
import { CONTENTS } from '../../src/store-contents.js';

const NOW_MS = Date.now();
const LIMIT = { key: 'wwCorp_1', max: 6, windowMs: 60_000 };

function toCounters({ get, reopen, close }: OpenedStore): OpenedCounters {
  return { counters: [get(Counters)], reopen: async () => toCounters(await reopen()), close };
}

describe('embedded', () => countersContract(async () => toCounters(await openStore(embeddedPlace()))));

mongoSuite('mongodb, two replicas', () => {
  const place = mongoPlace();
  const [openOne, openOther] = [keptMongo(place), keptMongo(place)];

  const opened = (one: OpenedStore, other: OpenedStore): OpenedCounters => ({
    counters: [one.get(Counters), other.get(Counters)],
    reopen: async () => opened(await one.reopen(), await other.reopen()),
    close: async () => {
      for (const store of [one, other]) await store.close();
    },
  });
  countersContract(async () => opened(await openOne(), await openOther()));
});

describe('counts in SQLite', () => {
  let folder: string;
  let store: SqliteStore;
  let counters: Counters;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wxkf-counters-'));
    store = await SqliteStore.open({ dataDir: folder }, CONTENTS);
    counters = new SqliteCounters(store);
  });

  afterEach(async () => {
    await store.onApplicationShutdown();
    rmSync(folder, { recursive: true });
  });

  /** What another program sees, and does. */
  function beside<T>(use: (database: DatabaseSync) => T): T {
    const database = new DatabaseSync(join(folder, 'wxkf.db'));
    try {
      return use(database);
    } finally {
      database.close();
    }
  }

  it('are none where they cannot be read', async () => {
    await counters.take(LIMIT, NOW_MS, 6);
    for (const text of ['spoilt', '{}', '[null,{"atMs":"now","count":6}]']) {
      beside((database) => database.prepare('UPDATE counts SET counts = ?').run(text));
      expect(await counters.take(LIMIT, NOW_MS, 7)).toMatchObject({ count: 6 });
    }
  });

  it('are forgotten when they are over', async () => {
    for (let n = 0; n < 50; n++) await counters.take({ ...LIMIT, key: `key ${n}` }, NOW_MS);
    await counters.take(LIMIT, NOW_MS + 10 * 60_000);
    expect(beside((database) => database.prepare('SELECT key FROM counts').all())).toEqual([
      { key: 'wwCorp_1' },
    ]);
  });

  it('are not counted once the store is closed', async () => {
    await store.onApplicationShutdown();
    await expect(counters.take(LIMIT, NOW_MS)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

mongoSuite('counts in MongoDB', () => {
  const open = keptMongo();
  let store: OpenedStore;

  beforeEach(async () => {
    store = await open();
  });

  afterEach(() => store.close());

  const records = () => store.get(MongoStore).collection<CountRecord>(COUNTS);

  it.each(['spoilt', null, [{ atMs: 'now', count: 6 }, null]])(
    'are none where they cannot be read: %j',
    async (counts) => {
      await store.get(Counters).take(LIMIT, NOW_MS, 6);
      await records().updateOne({}, { $set: { counts: counts as never } });
      expect(await store.get(Counters).take(LIMIT, NOW_MS, 7)).toMatchObject({ count: 6 });
    },
  );

  it('are removed by MongoDB when they are over', async () => {
    await store.get(Counters).take(LIMIT, NOW_MS);
    expect(await records().indexes()).toEqual(
      expect.arrayContaining([expect.objectContaining({ key: { keptUntil: 1 }, expireAfterSeconds: 0 })]),
    );
    const { keptUntil } = (await records().findOne({})) ?? {};
    expect(keptUntil?.getTime()).toBe(NOW_MS + 120_000);
  });
});
