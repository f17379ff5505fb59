import { afterEach, beforeEach, describe, jest } from '@jest/globals';
import { pino } from 'pino';
import type { StoreClock } from '../../src/kernel/store-clock.js';
import { EmbeddedCallQuota } from '../../src/storage/embedded/embedded-call-quota.js';
import { MongoCallQuota } from '../../src/storage/mongo/mongo-call-quota.js';
import { MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { keptMongo } from '../support/kept-mongo.js';
import { ManualClock } from '../support/manual-clock.js';
import { mongoSuite } from '../support/mongo/database.js';
import { mongoPlace } from '../support/each-store.js';
import { type OpenedStore } from '../support/stores.js';
import { callQuotaContract, MINUTE, type OpenedQuota } from './call-quota.contract.js';

/** Whatever the machine is busy with: what a quota does without an answer is no part of the contract. */
const PATIENT_MS = 20_000;

/** In the first third of a minute and of an hour that a real server's TTL monitor leaves alone. */
function newClock(): ManualClock {
  const hourMs = 3_600_000;
  return new ManualClock(Math.ceil(Date.now() / hourMs) * hourMs + MINUTE.windowMs / 3);
}

async function toQuota(stores: readonly OpenedStore[]): Promise<OpenedQuota> {
  const clock = newClock();
  // Of one time: how near replicas come to it is the store clock's own matter.
  const storeClock: StoreClock = { nowMs: () => clock.nowMs() };
  const [one, other] = stores.map(
    (store) =>
      new MongoCallQuota(store.get(MongoStore), storeClock, clock, pino({ level: 'silent' }), PATIENT_MS),
  );
  if (one === undefined || other === undefined) throw new Error('two stores are open');
  return {
    quotas: [one, other],
    advance: (ms) => clock.advance(ms),
    close: async () => {
      for (const store of stores) await store.close();
    },
  };
}

describe('embedded', () => {
  beforeEach(() => {
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'],
    });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  callQuotaContract(async () => ({
    quotas: [new EmbeddedCallQuota()],
    advance: async (ms) => {
      jest.advanceTimersByTime(ms);
    },
    close: async () => {},
  }));
});
mongoSuite('mongodb, two replicas', () => {
  const place = mongoPlace();
  const [openOne, openOther] = [keptMongo(place), keptMongo(place)];
  callQuotaContract(async () => toQuota([await openOne(), await openOther()]));
});
