/** What two processes on one database do with messages, and what one leaves behind that dies. */
import { newMessage, pulledPage, type TestMessages } from '../support/messages.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { QueueStore } from '../../src/storage/queue/queue-store.js';
import type { RecordKind } from '../../src/storage/records/record-kind.js';
import { RecordStore } from '../../src/storage/records/records.js';
import { accountKey } from '../../src/kernel/account.js';
import { Secret } from '../../src/kernel/secret.js';
import { SEEN_MS, webhookIdOf } from '../../src/queue/message.js';
import type { Turn } from '../../src/queue/message-queue.js';
import { MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { type EntryRecord, LINES, MESSAGES } from '../../src/storage/mongo/queue.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { newSecretsKey, sealedPlace } from '../support/place.js';
import { rounds } from '../support/seeded.js';
import { mongoPlace } from '../support/each-store.js';
import { messagesOf } from '../support/queue.js';
import type { OpenedStore } from '../support/stores.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const LEASE_MS = 15_000;
const LATER_MS = NOW_MS + LEASE_MS;
const ENDPOINT = 'http://bot:8080';
const NONE: ReadonlySet<string> = new Set();
const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };

const accountOf = (n: number) => ({ ...ACCOUNT, openKfId: `wk${n}` });
const claimDue = (store: TestMessages, nowMs: number, limit = 100) =>
  store.lines.claimDue(nowMs, limit, LEASE_MS, NONE);

mongoSuite('messages in one MongoDB', () => {
  const place = sealedPlace(mongoPlace(), newSecretsKey());
  const [openOne, openOther] = [keptMongo(place), keptMongo(place)];
  let stores: OpenedStore[];
  let one: TestMessages;
  let other: TestMessages;

  beforeEach(async () => {
    stores = [await openOne(), await openOther()];
    [one, other] = stores.map((store) => messagesOf(store)) as [TestMessages, TestMessages];
  });

  afterEach(async () => {
    for (const store of stores) await store.close();
  });

  const mongo = () => (stores[0] as OpenedStore).get(MongoStore);
  const lines = () => mongo().collection(LINES);
  const records = () => mongo().collection<EntryRecord>(MESSAGES);

  /** As `of`, with this done in place of a method, or after it. */
  function but<T extends object>(of: T, method: keyof T, instead: (original: () => unknown) => unknown): T {
    return new Proxy(of, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== 'function') return value;
        if (property !== method) return value.bind(target);
        return (...args: unknown[]) => instead(() => value.apply(target, args) as unknown);
      },
    });
  }

  const queue = () => (stores[0] as OpenedStore).get(QueueStore);
  const storeOn = (of: QueueStore, records?: RecordStore) =>
    messagesOf(stores[0] as OpenedStore, of, records);

  /** Another process does this after the operation, the first time. */
  function interrupted(method: keyof QueueStore, then: () => Promise<unknown>): TestMessages {
    let isDone = false;
    const instead = async (original: () => unknown): Promise<unknown> => {
      const result = await original();
      if (!isDone) {
        isDone = true;
        await then();
      }
      return result;
    };
    return storeOn(but(queue(), method, instead));
  }

  async function keep(store: TestMessages, ids: readonly string[], account = ACCOUNT, nowMs = NOW_MS) {
    const lease = await store.pulls.begin(account, 'app-1', nowMs, LEASE_MS);
    if (lease === null) return null;
    const page = pulledPage(ids.map((id) => newMessage(id)));
    const kept = await store.pulls.keep(account, lease.id, page, nowMs, LEASE_MS);
    await store.pulls.end(account, lease.id);
    return kept;
  }

  async function takeAll(store: TestMessages, turn: Turn, nowMs: number): Promise<string[]> {
    const taken: string[] = [];
    for (;;) {
      const message = await store.next(turn, { order: 'account' }, nowMs, { isProbe: false });
      if (message === null) return taken;
      taken.push(message.msgid);
      await store.taken(message, nowMs);
    }
  }

  const sendAll = async (store: TestMessages, nowMs: number): Promise<string[]> => {
    const taken: string[] = [];
    for (const turn of await claimDue(store, nowMs)) {
      taken.push(...(await takeAll(store, turn, nowMs)));
      await store.release(turn, ENDPOINT, null, nowMs);
    }
    return taken;
  };

  it('are sent by one process at a time for each account', async () => {
    for (let n = 0; n < 40; n++) await keep(one, ['m1'], accountOf(n));
    const claimed: string[] = [];
    const claim = async (store: TestMessages): Promise<void> => {
      for (let n = 0; n < 10; n++) {
        const turns = await claimDue(store, NOW_MS, 5);
        const oldest = await store.lines.claimOldest(ENDPOINT, NOW_MS, LEASE_MS);
        claimed.push(...[...turns, oldest].map((turn) => turn?.openKfId ?? '').filter((id) => id !== ''));
      }
    };
    await Promise.all([claim(one), claim(other), claim(one), claim(other)]);
    expect(new Set(claimed).size).toBe(40);
    expect(claimed).toHaveLength(40);
  });

  it('are pulled by one process at a time', async () => {
    const begin = (store: TestMessages) => store.pulls.begin(ACCOUNT, 'app-1', NOW_MS, LEASE_MS);
    const leases = await Promise.all([one, other, one, other].map(begin));
    expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
  });

  it('are each sent once and in order, while one process keeps and both send, again and again', async () => {
    const sent: string[] = [];
    const kept: string[] = [];
    let nowMs = NOW_MS;
    const send = async (store: TestMessages): Promise<void> => {
      sent.push(...(await sendAll(store, nowMs)));
    };
    for (let round = 0; round < rounds(10); round++) {
      const page = [`m${round}-a`, `m${round}-b`];
      kept.push(...page);
      await Promise.all([keep(one, page, ACCOUNT, nowMs), send(other), send(one), send(other)]);
      nowMs++;
    }
    // Whoever came last may have left some, which are due.
    for (let n = 0; n < 3; n++) await send(one);
    expect(sent).toEqual(kept);
    expect(await claimDue(one, nowMs + LEASE_MS)).toEqual([]);
  }, 120_000);

  it('that come again to the process that takes over a pull are kept once', async () => {
    const lease = await one.pulls.begin(ACCOUNT, 'app-1', NOW_MS, LEASE_MS);
    const page = pulledPage(Array.from({ length: 50 }, (_, n) => newMessage(`m${n}`)));
    const late = one.pulls.keep(ACCOUNT, lease?.id ?? '', page, LATER_MS - 1, LEASE_MS);
    const [, taken] = await Promise.all([
      late,
      keep(
        other,
        page.messages.map(({ msgid }) => msgid),
        ACCOUNT,
        LATER_MS + LEASE_MS,
      ),
    ]);
    expect(taken).not.toBeNull();
    expect(await one.counts(null)).toMatchObject({ waiting: 50 });
    const ids = page.messages.map(({ msgid }) => msgid);
    expect((await sendAll(other, LATER_MS + LEASE_MS)).sort()).toEqual(ids.sort());
  });

  it('that are kept while a turn ends that has found nothing are due', async () => {
    await keep(one, ['m0']);
    const [turn] = await claimDue(one, NOW_MS);
    if (turn === undefined) throw new Error('nothing is due');
    await takeAll(one, turn, NOW_MS);
    const ending = interrupted('listEntries', () => keep(other, ['m1']));
    await ending.release(turn, ENDPOINT, null, NOW_MS);
    expect(await sendAll(other, NOW_MS)).toEqual(['m1']);
  });

  it('that are kept while a long turn ends that has found nothing are due', async () => {
    await keep(one, ['m0']);
    const [turn] = await claimDue(one, NOW_MS);
    if (turn === undefined) throw new Error('nothing is due');
    await takeAll(one, turn, NOW_MS);
    await one.lines.renew(turn, LATER_MS - 1, LEASE_MS);
    const ending = interrupted('listEntries', () => keep(other, ['m1'], ACCOUNT, LATER_MS + 1));
    await ending.release(turn, ENDPOINT, null, LATER_MS + 1);
    expect(await sendAll(other, LATER_MS + 1)).toEqual(['m1']);
  });

  it('are taken once where both halves come at once', async () => {
    for (let round = 0; round < rounds(5); round++) {
      const msgid = `m${round}`;
      await keep(one, [msgid]);
      const [turn] = await claimDue(one, NOW_MS);
      if (turn === undefined) throw new Error(`nothing is due in round ${round}`);
      const underWay = { msgid, attempt: 1, isAnswered: false, isPulled: false, untilMs: NOW_MS };
      await one.begin(turn, underWay);
      const halves = await Promise.all([
        one.note(ACCOUNT, underWay, 'answered', NOW_MS),
        other.note(ACCOUNT, underWay, 'pulled', NOW_MS),
      ]);
      expect(halves.sort()).toEqual(['half', 'taken']);
      expect(await one.next(turn, { order: 'account' }, NOW_MS, { isProbe: true })).toBeNull();
      await one.release(turn, ENDPOINT, null, NOW_MS);
      expect(await sendAll(other, NOW_MS)).toEqual([]);
    }
  });

  describe('while a program pulls by itself', () => {
    const pull = (fields: object = {}) => ({
      ...{
        appId: 'app-1',
        takerId: 'bot-2',
        beganAtMs: NOW_MS,
        from: 'from-1',
        cursor: 'moved',
        isAll: true,
      },
      ...fields,
    });

    const cursorOf = (appId: string) => one.pulls.findCursor(ACCOUNT, appId);

    it('what is kept meanwhile waits, and the cursor does not pass it', async () => {
      await keep(one, ['m1']);
      const keeping = interrupted('addEntries', () => other.pulls.moveCursor(ACCOUNT, pull(), NOW_MS));
      const lease = await keeping.pulls.begin(ACCOUNT, 'app-1', NOW_MS, LEASE_MS);
      const page = pulledPage([newMessage('m2')], { from: 'cursor-1', cursor: 'cursor-2' });
      expect(await keeping.pulls.keep(ACCOUNT, lease?.id ?? '', page, NOW_MS, LEASE_MS)).toBeNull();
      expect(await cursorOf('app-1')).toBe('cursor-1');
      expect(await sendAll(other, NOW_MS)).toEqual(['m2']);
      expect(await cursorOf('app-1')).toBe('moved');
    });

    it('a page that is kept leaves the cursors of other apps where they are by now', async () => {
      const move = pull({ appId: 'app-2', isAll: false });
      const keeping = interrupted('addEntries', () => other.pulls.moveCursor(ACCOUNT, move, NOW_MS));
      expect(await keep(keeping, ['m1'])).toMatchObject({ added: 1 });
      expect(await sendAll(other, NOW_MS)).toEqual(['m1']);
      expect([await cursorOf('app-1'), await cursorOf('app-2')]).toEqual(['cursor-1', 'moved']);
    });

    it('it is given no cursor behind a message that is kept while that is looked for', async () => {
      const finding = interrupted('listEntries', () => keep(other, ['m1']));
      expect(await finding.pulls.findCursor(ACCOUNT, 'app-1')).toBe('from-1');
    });
  });

  describe('of a process that died', () => {
    const die = () => Promise.reject(new Error('it died'));

    /** Dies in place of this operation. */
    const dyingAt = (method: keyof QueueStore) => storeOn(but(queue(), method, die));

    /** Dies in place of its last write of where the account is pulled from. */
    function dyingBeforeCursor(): TestMessages {
      let changes = 0;
      const records = (stores[0] as OpenedStore).get(RecordStore);
      const of = <T extends object>(kind: RecordKind<T>) =>
        but(records.of(kind), 'change', (original) => (++changes === 1 ? original() : die()));
      return storeOn(queue(), { of } as unknown as RecordStore);
    }

    it.each<[string, () => TestMessages, number]>([
      ['their account was due', () => dyingAt('write'), 0],
      ['it moved the cursor', dyingBeforeCursor, 1],
    ])('before %s come again, are due all the same, and are sent once', async (_what, dying, due) => {
      await expect(keep(dying(), ['m1', 'm2'])).rejects.toThrow('it died');
      expect(await one.pulls.begin(ACCOUNT, 'app-1', LATER_MS - 1, LEASE_MS)).toBeNull();
      expect((await one.pulls.listAccounts('', 9)).accounts).toEqual([]);
      const turns = await claimDue(other, LATER_MS);
      expect(turns).toHaveLength(due);
      const lease = await one.pulls.begin(ACCOUNT, 'app-1', LATER_MS, LEASE_MS);
      expect(lease).toMatchObject({ cursor: null, waiting: 2 });
      const page = pulledPage(['m1', 'm2', 'm3'].map((id) => newMessage(id)));
      const kept = await one.pulls.keep(ACCOUNT, lease?.id ?? '', page, LATER_MS, LEASE_MS);
      expect(kept).toMatchObject({ added: 1, waiting: 3 });
      for (const turn of turns) await other.release(turn, ENDPOINT, null, LATER_MS);
      expect(await sendAll(other, LATER_MS)).toEqual(['m1', 'm2', 'm3']);
    });

    it('before it had kept the page come again although a turn has put the account to rest', async () => {
      await keep(one, ['m0']);
      const [turn] = await claimDue(one, NOW_MS);
      if (turn === undefined) throw new Error('nothing is due');
      expect(await takeAll(one, turn, NOW_MS)).toEqual(['m0']);
      await expect(keep(dyingAt('addEntries'), ['m1'])).rejects.toThrow('it died');
      await one.release(turn, ENDPOINT, null, NOW_MS);
      expect(await claimDue(one, LATER_MS)).toEqual([]);
      expect(await keep(other, ['m1'], ACCOUNT, LATER_MS)).toMatchObject({ added: 1 });
      expect(await sendAll(one, LATER_MS)).toEqual(['m1']);
    });

    it('after the last half are taken, and not given out again', async () => {
      await keep(one, ['m1', 'm2']);
      const [turn] = await claimDue(one, NOW_MS);
      if (turn === undefined) throw new Error('nothing is due');
      await one.begin(turn, { msgid: 'm1', attempt: 1, isAnswered: true, isPulled: true, untilMs: NOW_MS });
      const [takenOver] = await claimDue(other, LATER_MS);
      if (takenOver === undefined) throw new Error('nothing is due');
      expect(takenOver.isInDoubt).toBe(true);
      expect(await other.findUnderWay(ACCOUNT)).toBeNull();
      expect(await takeAll(other, takenOver, LATER_MS)).toEqual(['m2']);
      expect(await one.counts(null)).toMatchObject({ waiting: 0 });
      expect(await keep(one, ['m1'], ACCOUNT, LATER_MS)).toMatchObject({ added: 0 });
    });
  });

  it.each([
    ['lacks what it says', { $unset: { content: 1 } }],
    ['lacks when it was sent', { $unset: { sentAtMs: 1 } }],
    ['names another account', { $set: { openKfId: 'wkOther' } }],
  ] as const)('block nothing where a record %s', async (_what, damage) => {
    await keep(one, ['m1', 'm2']);
    await records().updateOne({ _id: webhookIdOf({ ...ACCOUNT, msgid: 'm1' }) }, damage as object);
    expect(await sendAll(one, NOW_MS)).toEqual(['m2']);
    expect(await one.counts(null)).toMatchObject({ waiting: 0 });
    expect(await keep(one, ['m1'])).toMatchObject({ added: 0 });
  });

  it.each<[string, () => string]>([
    ['line', () => LINES],
    ['record of pulling', () => 'wxkfpulls'],
  ])('keep their order although the %s of their account was lost', async (_what, lost) => {
    await keep(one, ['m1', 'm2']);
    await mongo().collection(lost()).deleteMany({});
    expect(await keep(one, ['m2', 'm3'], ACCOUNT, NOW_MS + 1)).toMatchObject({ added: 1, waiting: 3 });
    expect(await sendAll(other, NOW_MS + 1)).toEqual(['m1', 'm2', 'm3']);
  });

  it('leave nothing but their ids when they are taken', async () => {
    await keep(one, ['m1']);
    await sendAll(one, NOW_MS);
    expect(await records().find().toArray()).toEqual([
      { _id: webhookIdOf({ ...ACCOUNT, msgid: 'm1' }), state: 'known', knownUntilMs: NOW_MS + SEEN_MS },
    ]);
    expect(await lines().find().toArray()).toEqual([]);
  });

  it('are records with the same fields as of earlier versions, which go on with them', async () => {
    await keep(one, ['m1']);
    const { content: _content, ...record } = (await records().findOne()) ?? {};
    expect(record).toEqual({
      ...{ _id: webhookIdOf({ ...ACCOUNT, msgid: 'm1' }), account: accountKey(ACCOUNT), ...ACCOUNT },
      ...{ msgid: 'm1', type: 'text', origin: 3, lane: 'customer-1', skip: 0 },
      ...{
        sentAtMs: Date.UTC(2026, 0, 2, 3, 4, 0),
        seq: NOW_MS * 1_000,
        storedAtMs: NOW_MS,
        dueAtMs: NOW_MS,
      },
      ...{ page: { appId: 'app-1', cursor: 'from-1' }, state: 'waiting', lastFailure: null },
      ...{ attempts: 0, refusals: 0, step: 0 },
    });
  });

  it('are never stored in the clear', async () => {
    await keep(one, ['m1']);
    const [record] = await records().find().toArray();
    expect(record?.content).toMatch(/^sealed v1 /);
    expect(new Secret(record?.content ?? '').reveal()).not.toContain('says');
  });
});
