/** What the quota of calls in MongoDB promises beyond its port: how often it asks, and what it does without an answer. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { pino } from 'pino';
import { StorageProbe } from '../../src/storage/storage-probe.js';
import type { Log } from '../../src/kernel/log.js';
import { StoreClock } from '../../src/kernel/store-clock.js';
import { type CallRecord, callId } from '../../src/storage/mongo/call.schema.js';
import { MongoCallQuota } from '../../src/storage/mongo/mongo-call-quota.js';
import { MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { CallQuota } from '../../src/wecom/proxy/call-quota.js';
import { ManualClock } from '../support/manual-clock.js';
import { mongoSuite } from '../support/mongo/database.js';
import { DatabaseLine } from '../support/mongo/outage.js';
import type { Place } from '../support/place.js';
import { mongoPlace } from '../support/each-store.js';
import { type OpenedStore, openStore } from '../support/stores.js';

const HOUR_MS = 3_600_000;
const LIMIT = { name: 'hour', max: 1_000, windowMs: HOUR_MS };
const SMALL = { ...LIMIT, max: 5 };
const PATIENT_MS = 20_000;

let clock: ManualClock;
let store: OpenedStore;
let client: mongoose.mongo.MongoClient;
let records: mongoose.mongo.Collection<CallRecord>;

/** @param uri of the same database, for the test to look into it. */
async function open(place: Place, uri = place.env.MONGO_URI ?? ''): Promise<void> {
  clock = new ManualClock(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS);
  store = await openStore(place, clock);
  client = await mongoose.mongo.MongoClient.connect(uri);
  records = client.db().collection('wxkfcalls');
  await store.get(StorageProbe).check();
}

async function takeAtOnce(quota: CallQuota, count: number, limit = LIMIT): Promise<(number | null)[]> {
  return Promise.all(Array.from({ length: count }, () => quota.take('key', limit)));
}

const isAsked = async (key: string) =>
  (await records.countDocuments({ _id: { $regex: `^${LIMIT.name} \\d+ ${key}$` } })) > 0;

/** On a machine that is busy the first answers may be late, and the next is asked for 5 s later. */
async function untilAsked(quota: CallQuota, key: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    await quota.take(key, LIMIT);
    if (await isAsked(key)) return;
    await clock.advance(5_000);
  }
  throw new Error('the database is not asked');
}

mongoSuite('a quota of calls in MongoDB', () => {
  let quota: MongoCallQuota;

  beforeEach(async () => {
    await open(mongoPlace());
    quota = newQuota();
  });

  afterEach(async () => {
    await client.close();
    await store.close();
  });

  function newQuota(log: Log = pino({ level: 'silent' })): MongoCallQuota {
    const storeClock: StoreClock = { nowMs: () => clock.nowMs() };
    return new MongoCallQuota(store.get(MongoStore), storeClock, clock, log, PATIENT_MS);
  }

  const idAt = (startMs: number) => callId('key', LIMIT.name, startMs);
  const countOf = async (id = idAt(clock.nowMs())) => (await records.findOne({ _id: id }))?.count;

  it('is what the application uses, on the clock of the store', async () => {
    await untilAsked(store.get(CallQuota), 'key');
    const [record] = await records.find().toArray();
    const startMs = Math.floor(store.get(StoreClock).nowMs() / HOUR_MS) * HOUR_MS;
    expect(record?._id).toBe(idAt(startMs));
  });

  it('has records that MongoDB removes when their window is over', async () => {
    expect(await records.indexes()).toEqual(
      expect.arrayContaining([expect.objectContaining({ key: { keptUntil: 1 }, expireAfterSeconds: 0 })]),
    );
    await quota.take('key', LIMIT);
    const keptUntilMs = (await records.findOne({ _id: idAt(clock.nowMs()) }))?.keptUntil.getTime();
    expect(keptUntilMs).toBeGreaterThan(clock.nowMs() + HOUR_MS);
    expect(keptUntilMs).toBeLessThan(clock.nowMs() + 2 * HOUR_MS);
  });

  it('asks once for a hundredth of the limit, also for many at once', async () => {
    expect(await takeAtOnce(quota, 10)).toEqual(Array(10).fill(null));
    expect(await countOf()).toBe(10);
    await quota.take('key', LIMIT);
    expect(await countOf()).toBe(20);
  });

  it('grants of the last portion what is left', async () => {
    await takeAtOnce(quota, 10);
    await records.updateOne({ _id: idAt(clock.nowMs()) }, { $set: { count: 993 } });
    const answers = await takeAtOnce(quota, 12);
    expect(answers.filter((answer) => answer === null)).toHaveLength(7);
  });

  it('does not ask again in a window that is spent, and waits for the next one of the store', async () => {
    await takeAtOnce(quota, 6, SMALL);
    const id = idAt(clock.nowMs());
    await records.deleteOne({ _id: id });
    await clock.advance(HOUR_MS - 1);
    expect(await quota.take('key', SMALL)).toBe(1);
    expect(await countOf(id)).toBeUndefined();
    await clock.advance(1);
    expect(await quota.take('key', SMALL)).toBeNull();
  });

  it('knows that a window is spent when the last of it was taken', async () => {
    await takeAtOnce(quota, 5, SMALL);
    await records.deleteOne({ _id: idAt(clock.nowMs()) });
    expect(await quota.take('key', SMALL)).toBe(HOUR_MS);
  });

  it('takes nothing of a window along into the next one', async () => {
    await takeAtOnce(quota, 1);
    await clock.advance(HOUR_MS);
    await takeAtOnce(quota, 1);
    expect(await countOf()).toBe(10);
  });

  it('grants together what the limit says, where four replicas begin a window at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => newQuota()).map((replica) =>
        takeAtOnce(replica, 76, { ...LIMIT, max: 250 }),
      ),
    );
    expect(answers.flat().filter((answer) => answer === null)).toHaveLength(250);
  });

  describe('whose count cannot be read', () => {
    const spoil = (_id: string) =>
      records.updateOne({ _id }, { $set: { count: 'many' as never } }, { upsert: true });

    it('is counted alone', async () => {
      await spoil(idAt(clock.nowMs()));
      const answers = await takeAtOnce(quota, 8, SMALL);
      expect(answers.filter((answer) => answer === null)).toHaveLength(5);
      for (const waitMs of answers.slice(5)) expect(waitMs).toBeGreaterThan(0);
      expect(await countOf()).toBe('many');
    });

    it('is a line in the log when that begins', async () => {
      const lines: string[] = [];
      quota = newQuota(pino({ level: 'warn' }, { write: (line) => lines.push(line) }));
      const id = idAt(clock.nowMs());
      await spoil(id);
      for (let n = 0; n < 3; n++) {
        await quota.take('key', SMALL);
        await clock.advance(5_000);
      }
      expect(lines).toEqual([expect.stringContaining('quota.counting_alone')]);
      await records.deleteOne({ _id: id });
      await quota.take('key', SMALL);
      expect(await countOf(id)).toBe(1);
      await spoil(id);
      await quota.take('key', SMALL);
      expect(lines).toHaveLength(2);
    });
  });
});

mongoSuite('a quota of calls whose MongoDB is away', () => {
  let database: DatabaseLine;
  let quota: CallQuota;

  beforeEach(async () => {
    database = await DatabaseLine.open();
    await open({ env: { MONGO_URI: database.uri }, discard: () => database.close() }, database.directUri);
    quota = store.get(CallQuota);
  });

  afterEach(async () => {
    await client.close();
    await store.close();
  });

  async function expectCountedAlone(): Promise<void> {
    const answers = await takeAtOnce(quota, 20, SMALL);
    expect(answers.filter((answer) => answer === null)).toHaveLength(5);
    for (const waitMs of answers.filter((answer) => answer !== null)) {
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(HOUR_MS);
    }
  }

  describe.each([
    ['hangs', async () => database.hold()],
    ['is gone', () => database.cut()],
  ])('because it %s', (_how, leave) => {
    it('counts alone, asks again 5 s later and not before, and then counts with all', async () => {
      await leave();
      await expectCountedAlone();
      await database.restore();
      await clock.advance(4_999);
      await quota.take('early', LIMIT);
      expect(await isAsked('early')).toBe(false);
      await clock.advance(1);
      await untilAsked(quota, 'late');
    });
  });
});
