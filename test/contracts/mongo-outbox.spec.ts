/** What two processes on one database see of each other, and records that nobody can read. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import type { NewHint } from '../../src/queue/event.js';
import type { ClaimedHint, Held, Outbox } from '../../src/dispatch/outbox/outbox.js';
import { SystemClock } from '../../src/kernel/clock.js';
import { StoreClock } from '../../src/kernel/store-clock.js';
import { PuppetRepository } from '../../src/storage/puppets/puppet.repository.js';
import { kfEvent } from '../support/delivery.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { Place } from '../support/place.js';
import { rounds } from '../support/seeded.js';
import { mongoPlace } from '../support/each-store.js';
import { outboxOf } from '../support/queue.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import type { Failure } from '../../src/queue/failure.js';
import { accountKey } from '../../src/kernel/account.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const LEASE_MS = 15_000;
const ENDPOINT = 'http://puppet:8080';
const KEY = 'wwCorp_1/wkAccount-1';
const LINE_KEY = `event ${KEY}`;
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

const heldOf = (hint: ClaimedHint): Held => ({
  key: accountKey(hint),
  generation: hint.generation,
  leaseId: hint.lease.id,
});

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

  const bothOutboxes = () => stores.map(outboxOf) as [Outbox, Outbox];

  function both<T>(port: abstract new (...args: never[]) => T): [T, T] {
    const [one, other] = stores.map((store) => store.get(port));
    if (one === undefined || other === undefined) throw new Error('two stores are open');
    return [one, other];
  }

  const claimDue = (outbox: Outbox, nowMs: number, limit = 100) =>
    outbox.lines.claimDue(nowMs, limit, LEASE_MS, NONE);

  it('claim each hint once', async () => {
    const outboxes = bothOutboxes();
    await Promise.all(Array.from({ length: 200 }, (_, n) => outboxes[0].put(newHint(`wk${n}`), NOW_MS)));
    const claimed: string[] = [];
    const claimAll = async (outbox: Outbox): Promise<void> => {
      for (let misses = 0; misses < 5;) {
        const hints = await claimDue(outbox, NOW_MS, 10);
        claimed.push(...hints.map(accountKey));
        misses = hints.length === 0 ? misses + 1 : 0;
      }
    };
    const probe = async (outbox: Outbox): Promise<void> => {
      for (let n = 0; n < 20; n++) {
        const hint = await outbox.lines.claimOldest(ENDPOINT, NOW_MS, LEASE_MS);
        if (hint !== null) claimed.push(accountKey(hint));
      }
    };
    await Promise.all(outboxes.flatMap((outbox) => [claimAll(outbox), claimAll(outbox), probe(outbox)]));
    expect(new Set(claimed).size).toBe(200);
    expect(claimed).toHaveLength(200);
  });

  it('take over a lease that lapsed, and the one that had it changes nothing any more', async () => {
    const [one, other] = bothOutboxes();
    await one.put(newHint(), NOW_MS);
    const [lapsed] = await claimDue(one, NOW_MS);
    if (lapsed === undefined) throw new Error('nothing is due');
    expect(await claimDue(other, NOW_MS + LEASE_MS - 1)).toEqual([]);
    const [takenOver] = await claimDue(other, NOW_MS + LEASE_MS);
    expect(takenOver?.generation).toBe(lapsed.generation);
    const laterMs = NOW_MS + LEASE_MS + 1;
    expect(await one.lines.renew(lapsed, laterMs, LEASE_MS)).toBe(false);
    await one.settle(heldOf(lapsed), laterMs);
    await one.bury(heldOf(lapsed), FAILURE, laterMs);
    await one.release(heldOf(lapsed), laterMs, laterMs);
    expect({ ...(await one.find(KEY)), isTakenOver: true }).toEqual(takenOver);
  });

  it('lose no event that one puts while the other settles and wakes, again and again', async () => {
    const [one, other] = bothOutboxes();
    let nowMs = NOW_MS;
    for (let round = 0; round < rounds(20); round++) {
      nowMs += 1;
      await one.put(
        newHint('wkAccount-1', { event: kfEvent({ id: 'old' }), arrivedAtMs: nowMs, dueAtMs: nowMs }),
        nowMs,
      );
      const [hint] = await claimDue(other, nowMs);
      if (hint === undefined) throw new Error(`nothing is due in round ${round}`);
      const put = (id: string) =>
        one.put(newHint('wkAccount-1', { event: kfEvent({ id }), arrivedAtMs: nowMs + 1 }), nowMs);
      const puts = round % 2 === 0 ? [put('new')] : [put('new'), put('new')];
      await Promise.all([...puts, other.settle(heldOf(hint), nowMs), one.wake(KEY, ENDPOINT, nowMs)]);
      const kept = await other.find(KEY);
      expect(kept).toMatchObject({ event: { id: 'new' }, state: 'waiting' });
      const [again] = await claimDue(one, nowMs + 1);
      if (again === undefined) throw new Error(`what is new is not due in round ${round}`);
      await one.settle(heldOf(again), nowMs + 1);
      expect(await other.find(KEY)).toBeNull();
    }
  }, 120_000);

  it('keep the newest of what both put for one account at once', async () => {
    const outboxes = bothOutboxes();
    const kept = await Promise.all(
      outboxes.flatMap((outbox, which) =>
        Array.from({ length: 20 }, (_, n) => {
          const event = kfEvent({ id: `n${2 * n + which}` });
          return outbox.put(newHint('wkAccount-1', { event, arrivedAtMs: NOW_MS + 2 * n + which }), NOW_MS);
        }),
      ),
    );
    expect((await outboxes[0].find(KEY))?.event.id).toBe('n39');
    // Each took in the one before it: no event was overwritten unseen.
    const replaced = kept.map((one) => one.replaced);
    expect(new Set(replaced).size).toBe(40);
    expect(replaced.filter((generation) => generation === null)).toHaveLength(1);
  });

  it('wake what the other is trying only when its lease has lapsed', async () => {
    const [one, other] = bothOutboxes();
    for (const account of ['wkTried', 'wkLater']) {
      await one.put(newHint(account, { dueAtMs: NOW_MS + 99_000, arrivedAtMs: NOW_MS }), NOW_MS);
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
  let outbox: Outbox;
  let hints: Hints;
  let records: Hints['records'];

  beforeAll(async () => {
    const place = mongoPlace();
    store = await openStore(place);
    outbox = outboxOf(store);
    hints = await Hints.open(place);
    ({ records } = hints);
  });

  beforeEach(async () => {
    await hints.forget();
    await outbox.put(newHint(), NOW_MS);
    await outbox.put(newHint('wkGood', { arrivedAtMs: NOW_MS + 1, dueAtMs: NOW_MS + 1 }), NOW_MS);
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
    const [claimed] = await outbox.lines.claimDue(NOW_MS, 1, LEASE_MS, NONE);
    expect(claimed?.openKfId).toBe('wkAccount-1');
    expect(await outbox.put(newHint(), NOW_MS)).toMatchObject({ replaced: claimed?.generation });
  });

  it.each<[string, object]>([
    ['without a trace', { $unset: { 'details.traceparent': 1 } }],
    ['with a trace that is none', { $set: { 'details.traceparent': 'x\r\ny: z' } }],
    ['with a number for a trace', { $set: { 'details.traceparent': 7 } }],
  ])('is none that was kept %s', async (_what, change) => {
    await records.updateOne({ _id: LINE_KEY }, change);
    const [claimed] = await outbox.lines.claimDue(NOW_MS, 1, LEASE_MS, NONE);
    expect(claimed).toMatchObject({ openKfId: 'wkAccount-1', event: { traceparent: null } });
  });

  describe.each(DAMAGES)('because it %s', (_what, damage) => {
    beforeEach(() => records.updateOne({ _id: LINE_KEY }, damage));

    it('is set aside when it is due, and blocks nothing', async () => {
      const claimed = await outbox.lines.claimDue(NOW_MS + 1, 1, LEASE_MS, NONE);
      expect(claimed).toEqual([]);
      const next = await outbox.lines.claimDue(NOW_MS + 1, 1, LEASE_MS, NONE);
      expect(next.map(({ openKfId }) => openKfId)).toEqual(['wkGood']);
      expect(await outbox.counts()).toMatchObject({ waiting: 1, unreadable: 1 });
      expect(await outbox.find(KEY)).toBeNull();
    });

    it('is passed over by a probe, a registration and a page', async () => {
      const { hints: page } = await outbox.list({ states: ['waiting'], corpId: null }, null, 9);
      // It is read without callbacks.
      const isRead = (await records.countDocuments({ _id: LINE_KEY, body: 'text' })) === 1;
      expect(page).toHaveLength(isRead ? 2 : 1);
      expect(await outbox.counts()).toMatchObject({ oldestWaitingAtMs: expect.any(Number) });
      await outbox.lines.wakeEndpoint(ENDPOINT, NOW_MS - 1);
      expect(await outbox.lines.claimOldest(ENDPOINT, NOW_MS, LEASE_MS)).toMatchObject({
        openKfId: 'wkGood',
      });
      expect(await outbox.claimOf(KEY, ENDPOINT, NOW_MS, LEASE_MS)).toBeNull();
      expect(await outbox.counts()).toMatchObject({ waiting: 1, unreadable: 1 });
    });

    it('gives way to the next event of its account', async () => {
      const { replaced, generation } = await outbox.put(newHint(), NOW_MS);
      expect(replaced).toBeNull();
      expect(await outbox.find(KEY)).toMatchObject({ generation, state: 'waiting' });
      expect(await outbox.counts()).toMatchObject({ waiting: 2, unreadable: 0 });
    });
  });
});
