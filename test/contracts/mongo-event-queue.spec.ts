/** What two processes on one database see of each other, and records that nobody can read. */
import { bury, claimOf, putOne, release, settle, wake } from '../support/event-steps.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import type { NewHint } from '../../src/queue/event.js';
import type { EventQueue } from '../../src/queue/event-queue.js';
import { SystemClock } from '../../src/kernel/clock.js';
import { StoreClock } from '../../src/kernel/store-clock.js';
import { PuppetRepository } from '../../src/storage/puppets/puppet.repository.js';
import { kfEvent } from '../support/delivery.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { Place } from '../support/place.js';
import { rounds } from '../support/seeded.js';
import { mongoPlace } from '../support/each-store.js';
import { eventsOf } from '../support/queue.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import type { Failure } from '../../src/queue/failure.js';
import { accountKey } from '../../src/kernel/account.js';
import { lineKey } from '../../src/storage/queue/line.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const LEASE_MS = 15_000;
const ENDPOINT = 'http://puppet:8080';
const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const LINE_KEY = lineKey('event', ACCOUNT);
const NONE: ReadonlySet<string> = new Set();
const FAILURE: Failure = { atMs: NOW_MS, stage: 'connect', reason: 'no connection (ECONNREFUSED)' };

function newHint(openKfId = 'wkAccount-1', fields: Partial<NewHint> = {}): NewHint {
  return {
    event: kfEvent({ openKfId }),
    isFirst: () => false,
    keysId: null,
    arrivedAtMs: NOW_MS,
    attempts: 1,
    step: 1,
    dueAtMs: NOW_MS,
    endpoint: ENDPOINT,
    failure: FAILURE,
    lease: null,
    ...fields,
  };
}

class WrongClock extends SystemClock {
  constructor(private readonly wrongByMs: number) {
    super();
  }

  override nowMs(): number {
    return super.nowMs() + this.wrongByMs;
  }
}

/** The records of a database, below the port. */
class Hints {
  readonly records: mongoose.mongo.Collection<{ _id: string }>;

  private constructor(private readonly client: mongoose.mongo.MongoClient) {
    this.records = client.db().collection('wxkflines');
  }

  static async open({ env }: Place): Promise<Hints> {
    return new Hints(await mongoose.mongo.MongoClient.connect(env.MONGO_URI ?? ''));
  }

  /** So that each test begins with none. */
  async forget(): Promise<void> {
    await this.records.deleteMany();
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

mongoSuite('two processes on one MongoDB', () => {
  let stores: OpenedStore[];
  let hints: Hints;

  beforeAll(async () => {
    const place = mongoPlace();
    stores = [
      await openStore(place, new WrongClock(-600_000)),
      await openStore(place, new WrongClock(600_000)),
    ];
    hints = await Hints.open(place);
  });

  beforeEach(() => hints.forget());

  afterAll(async () => {
    await hints.close();
    for (const store of stores) await store.close();
  });

  const bothQueues = () => stores.map(eventsOf) as [EventQueue, EventQueue];

  function both<T>(port: abstract new (...args: never[]) => T): [T, T] {
    const [one, other] = stores.map((store) => store.get(port));
    if (one === undefined || other === undefined) throw new Error('two stores are open');
    return [one, other];
  }

  const claimDue = (events: EventQueue, nowMs: number, limit = 100) =>
    events.lines.claimDue(nowMs, limit, LEASE_MS, NONE);

  it('claim each hint once', async () => {
    const queues = bothQueues();
    await Promise.all(Array.from({ length: 200 }, (_, n) => putOne(queues[0], newHint(`wk${n}`), NOW_MS)));
    const claimed: string[] = [];
    const claimAll = async (events: EventQueue): Promise<void> => {
      for (let misses = 0; misses < 5;) {
        const hints = await claimDue(events, NOW_MS, 10);
        claimed.push(...hints.map(accountKey));
        misses = hints.length === 0 ? misses + 1 : 0;
      }
    };
    const probe = async (events: EventQueue): Promise<void> => {
      for (let n = 0; n < 20; n++) {
        const hint = await events.lines.claimOldest(ENDPOINT, NOW_MS, LEASE_MS);
        if (hint !== null) claimed.push(accountKey(hint));
      }
    };
    await Promise.all(queues.flatMap((events) => [claimAll(events), claimAll(events), probe(events)]));
    expect(new Set(claimed).size).toBe(200);
    expect(claimed).toHaveLength(200);
  });

  it('take over a lease that lapsed, and the one that had it changes nothing any more', async () => {
    const [one, other] = bothQueues();
    await putOne(one, newHint(), NOW_MS);
    const [lapsed] = await claimDue(one, NOW_MS);
    if (lapsed === undefined) throw new Error('nothing is due');
    expect(await claimDue(other, NOW_MS + LEASE_MS - 1)).toEqual([]);
    const [takenOver] = await claimDue(other, NOW_MS + LEASE_MS);
    expect(takenOver?.generation).toBe(lapsed.generation);
    const laterMs = NOW_MS + LEASE_MS + 1;
    expect(await one.lines.renew(lapsed, laterMs, LEASE_MS)).toBe(false);
    await settle(one, lapsed, laterMs);
    await bury(one, lapsed, FAILURE, laterMs);
    await release(one, lapsed, laterMs, laterMs);
    expect({ ...(await one.find(ACCOUNT)), isTakenOver: true }).toEqual(takenOver);
  });

  it('lose no event that one puts while the other settles and wakes, again and again', async () => {
    const [one, other] = bothQueues();
    let nowMs = NOW_MS;
    for (let round = 0; round < rounds(20); round++) {
      nowMs += 1;
      await putOne(
        one,
        newHint('wkAccount-1', { event: kfEvent({ id: 'old' }), arrivedAtMs: nowMs, dueAtMs: nowMs }),
        nowMs,
      );
      const [hint] = await claimDue(other, nowMs);
      if (hint === undefined) throw new Error(`nothing is due in round ${round}`);
      const put = (id: string) =>
        putOne(one, newHint('wkAccount-1', { event: kfEvent({ id }), arrivedAtMs: nowMs + 1 }), nowMs);
      const puts = round % 2 === 0 ? [put('new')] : [put('new'), put('new')];
      await Promise.all([...puts, settle(other, hint, nowMs), wake(one, ACCOUNT, ENDPOINT, nowMs)]);
      const kept = await other.find(ACCOUNT);
      expect(kept).toMatchObject({ event: { id: 'new' }, state: 'waiting' });
      const [again] = await claimDue(one, nowMs + 1);
      if (again === undefined) throw new Error(`what is new is not due in round ${round}`);
      await settle(one, again, nowMs + 1);
      expect(await other.find(ACCOUNT)).toBeNull();
    }
  }, 120_000);

  it('keep the newest of what both put for one account at once', async () => {
    const queues = bothQueues();
    const kept = await Promise.all(
      queues.flatMap((events, which) =>
        Array.from({ length: 20 }, (_, n) => {
          const event = kfEvent({ id: `n${2 * n + which}` });
          return putOne(
            events,
            newHint('wkAccount-1', { event, arrivedAtMs: NOW_MS + 2 * n + which }),
            NOW_MS,
          );
        }),
      ),
    );
    expect((await queues[0].find(ACCOUNT))?.event.id).toBe('n39');
    // Each took in the one before it: no event was overwritten unseen.
    const replaced = kept.map((one) => one.replaced);
    expect(new Set(replaced).size).toBe(40);
    expect(replaced.filter((generation) => generation === null)).toHaveLength(1);
  });

  it('wake what the other is trying only when its lease has lapsed', async () => {
    const [one, other] = bothQueues();
    for (const account of ['wkTried', 'wkLater']) {
      await putOne(one, newHint(account, { dueAtMs: NOW_MS + 99_000, arrivedAtMs: NOW_MS }), NOW_MS);
    }
    const tried = await one.lines.claimOldest(ENDPOINT, NOW_MS, LEASE_MS);
    await other.lines.wakeEndpoint(ENDPOINT, NOW_MS + 1);
    const [woken, ...others] = await claimDue(other, NOW_MS + 1);
    expect(others).toEqual([]);
    expect(woken?.openKfId).not.toBe(tried?.openKfId);
    const lapsed = await claimDue(other, NOW_MS + LEASE_MS);
    expect(lapsed.map(({ openKfId }) => openKfId)).toEqual([tried?.openKfId]);
  });

  it('agree on the time, however wrong their own clocks are', async () => {
    for (const repository of both(PuppetRepository)) await repository.changes(null);
    const [oneMs, otherMs] = both(StoreClock).map((clock) => clock.nowMs());
    // Of 20 minutes.
    expect(Math.abs((oneMs ?? 0) - (otherMs ?? 0))).toBeLessThan(60_000);
  });
});

mongoSuite('a record in MongoDB that cannot be read', () => {
  let store: OpenedStore;
  let events: EventQueue;
  let hints: Hints;
  let records: Hints['records'];

  beforeAll(async () => {
    const place = mongoPlace();
    store = await openStore(place);
    events = eventsOf(store);
    hints = await Hints.open(place);
    ({ records } = hints);
  });

  beforeEach(async () => {
    await hints.forget();
    await putOne(events, newHint(), NOW_MS);
    await putOne(events, newHint('wkGood', { arrivedAtMs: NOW_MS + 1, dueAtMs: NOW_MS + 1 }), NOW_MS);
  });

  afterAll(async () => {
    await hints.close();
    await store.close();
  });

  const DAMAGES: [string, object][] = [
    ['lacks its event', { $unset: { 'details.eventId': 1 } }],
    ['lacks when its event came in', { $unset: { arrivedAtMs: 1 } }],
    ['has a text for a time', { $set: { dueAtMs: 'soon' } }],
    ['has a text for a callback', { $set: { body: 'text' } }],
    ['names another account than its key does', { $set: { openKfId: 'wkOther' } }],
    ['lacks the stage of its failure', { $unset: { 'lastFailure.stage': 1 } }],
  ];

  it.each<[string, object]>([
    ['without a revision', { $unset: { revision: 1 } }],
    ['with a number for a revision', { $set: { revision: 7 } }],
  ])('is none that came %s', async (_what, change) => {
    await records.updateOne({ _id: LINE_KEY }, change);
    const [claimed] = await events.lines.claimDue(NOW_MS, 1, LEASE_MS, NONE);
    expect(claimed?.openKfId).toBe('wkAccount-1');
    expect(await putOne(events, newHint(), NOW_MS)).toMatchObject({ replaced: claimed?.generation });
  });

  it.each<[string, object]>([
    ['without a trace', { $unset: { 'details.traceparent': 1 } }],
    ['with a trace that is none', { $set: { 'details.traceparent': 'x\r\ny: z' } }],
    ['with a number for a trace', { $set: { 'details.traceparent': 7 } }],
  ])('is none that was kept %s', async (_what, change) => {
    await records.updateOne({ _id: LINE_KEY }, change);
    const [claimed] = await events.lines.claimDue(NOW_MS, 1, LEASE_MS, NONE);
    expect(claimed).toMatchObject({ openKfId: 'wkAccount-1', event: { traceparent: null } });
  });

  describe.each(DAMAGES)('because it %s', (_what, damage) => {
    beforeEach(() => records.updateOne({ _id: LINE_KEY }, damage));

    it('is set aside when it is due, and blocks nothing', async () => {
      const claimed = await events.lines.claimDue(NOW_MS + 1, 1, LEASE_MS, NONE);
      expect(claimed).toEqual([]);
      const next = await events.lines.claimDue(NOW_MS + 1, 1, LEASE_MS, NONE);
      expect(next.map(({ openKfId }) => openKfId)).toEqual(['wkGood']);
      expect(await events.counts()).toMatchObject({ waiting: 1, unreadable: 1 });
      expect(await events.find(ACCOUNT)).toBeNull();
    });

    it('is passed over by a probe, a registration and a page', async () => {
      const { hints: page } = await events.list({ states: ['waiting'], corpId: null }, null, 9);
      // It is read without callbacks.
      const isRead = (await records.countDocuments({ _id: LINE_KEY, body: 'text' })) === 1;
      expect(page).toHaveLength(isRead ? 2 : 1);
      expect(await events.counts()).toMatchObject({ oldestWaitingAtMs: expect.any(Number) });
      await events.lines.wakeEndpoint(ENDPOINT, NOW_MS - 1);
      expect(await events.lines.claimOldest(ENDPOINT, NOW_MS, LEASE_MS)).toMatchObject({
        openKfId: 'wkGood',
      });
      expect(await claimOf(events, ACCOUNT, ENDPOINT, NOW_MS, LEASE_MS)).toBeNull();
      expect(await events.counts()).toMatchObject({ waiting: 1, unreadable: 1 });
    });

    it('gives way to the next event of its account', async () => {
      const { replaced, generation } = await putOne(events, newHint(), NOW_MS);
      expect(replaced).toBeNull();
      expect(await events.find(ACCOUNT)).toMatchObject({ generation, state: 'waiting' });
      expect(await events.counts()).toMatchObject({ waiting: 2, unreadable: 0 });
    });
  });
});
