/** What a quota of calls does while MongoDB is away: how long it waits is a matter of real sockets. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { StoreClock } from '../../src/kernel/store-clock.js';
import { Counters } from '../../src/storage/counters/counters.js';
import { StorageProbe } from '../../src/storage/store/storage-probe.js';
import { CallQuota } from '../../src/wecom/calls/call-quota.js';
import { ManualClock } from '../support/manual-clock.js';
import { mongoSuite } from '../support/mongo/database.js';
import { DatabaseLine } from '../support/mongo/outage.js';
import { type OpenedStore, openStore } from '../support/stores.js';

const HOUR_MS = 3_600_000;
const LIMIT = { name: 'hour', max: 1_000, windowMs: HOUR_MS };
const SMALL = { ...LIMIT, max: 5 };

mongoSuite('a quota of calls whose MongoDB is away', () => {
  let database: DatabaseLine;
  let clock: ManualClock;
  let store: OpenedStore;
  let asked: string[];
  let quota: CallQuota;

  beforeEach(async () => {
    database = await DatabaseLine.open();
    clock = new ManualClock(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS);
    store = await openStore({ env: { MONGO_URI: database.uri }, discard: () => database.close() }, clock);
    await store.get(StorageProbe).check();
    const counters = store.get(Counters);
    asked = [];
    const take = counters.take.bind(counters);
    counters.take = async (limit, nowMs, amount) => {
      const taken = await take(limit, nowMs, amount);
      asked.push(limit.key);
      return taken;
    };
    quota = new CallQuota(counters, store.get(StoreClock), clock, pino({ level: 'silent' }));
  });

  afterEach(() => store.close());

  /** On a machine that is busy the first answers may be late, and the next is asked for 5 s later. */
  async function untilAnswered(key: string): Promise<void> {
    for (let tries = 0; tries < 20; tries++) {
      await quota.take(key, LIMIT);
      if (asked.includes(`hour ${key}`)) return;
      await clock.advance(5_000);
    }
    throw new Error('the database is not asked');
  }

  it.each([
    ['hangs', async () => database.hold()],
    ['is gone', () => database.cut()],
  ])(
    'because it %s counts alone, asks again 5 s later and not before, and then counts with all',
    async (_how, leave) => {
      await untilAnswered('before');
      await leave();
      const answers = await Promise.all(Array.from({ length: 20 }, () => quota.take('key', SMALL)));
      expect(answers.filter((answer) => answer === null)).toHaveLength(5);
      for (const waitMs of answers.filter((answer) => answer !== null)) {
        expect(waitMs).toBeGreaterThan(0);
        expect(waitMs).toBeLessThanOrEqual(HOUR_MS);
      }
      await database.restore();
      await clock.advance(4_999);
      await quota.take('early', LIMIT);
      expect(asked).not.toContain('hour early');
      await clock.advance(1);
      await untilAnswered('late');
    },
  );
});
