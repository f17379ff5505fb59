/** The queue on SQLite: the contracts of those who use it, and what the store alone promises. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type Line, lineKey } from '../../src/storage/queue/line.js';
import { type Message, webhookIdOf } from '../../src/storage/queue/message.js';
import type { KeptLine } from '../../src/storage/queue/queue-store.js';
import { AppError } from '../../src/kernel/app-error.js';
import type { Log } from '../../src/kernel/log.js';
import { Secret } from '../../src/kernel/secret.js';
import type { Value } from '../../src/storage/sqlite/database.js';
import { QueueStore } from '../../src/storage/queue/queue-store.js';
import { SqliteQueueStore } from '../../src/storage/sqlite/queue.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { messagesOf, outboxOf } from '../support/queue.js';
import { storedBytes } from '../support/stored-bytes.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { messageStoreContract, type OpenedMessages } from './message-store.contract.js';
import { type OpenedOutbox, outboxContract } from './outbox.contract.js';
import { CONTENTS } from '../../src/store-contents.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const FAILURE = { atMs: NOW_MS, stage: 'status', reason: '没有', status: 502 } as const;
const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const KEY = lineKey('event', ACCOUNT);
const NONE: ReadonlySet<string> = new Set();
const UNAVAILABLE = { code: 'STORE_UNAVAILABLE' };

/** What may be empty is. */
const EMPTY: Partial<Line> = {
  ...{
    state: 'dead',
    endpoint: null,
    dueAtMs: null,
    lease: null,
    lastFailure: null,
    details: {},
    body: null,
  },
};

interface Opened {
  readonly store: SqliteStore;
  readonly queue: SqliteQueueStore;
}

async function openAt(place: Place, log: Log = pino({ level: 'silent' })): Promise<Opened> {
  const store = await SqliteStore.open({ dataDir: place.env.DATA_DIR ?? '' }, CONTENTS);
  return { store, queue: await SqliteQueueStore.open(store, log) };
}

const toOutbox = ({ reopen, close, ...store }: OpenedStore): OpenedOutbox => ({
  outbox: outboxOf(store),
  store: store.get(QueueStore),
  reopen: async () => toOutbox(await reopen()),
  close,
});

const toMessages = ({ reopen, close, ...store }: OpenedStore, place: Place): OpenedMessages => ({
  messages: messagesOf(store),
  queue: store.get(QueueStore),
  storedBytes: () => storedBytes(place),
  reopen: async () => toMessages(await reopen(), place),
  close,
});

outboxContract(async () => toOutbox(await openStore(embeddedPlace())));
messageStoreContract(async () => {
  const place = sealedPlace(embeddedPlace());
  return toMessages(await openStore(place), place);
});

describe('the queue on SQLite', () => {
  let place: Place;
  let store: SqliteStore;
  let queue: SqliteQueueStore;
  let said: Record<string, unknown>[];
  const log = pino({ base: null }, { write: (line) => void said.push(JSON.parse(line)) });

  beforeEach(async () => {
    place = embeddedPlace();
    said = [];
    ({ store, queue } = await openAt(place, log));
  });

  afterEach(async () => {
    await store.onApplicationShutdown();
    await place.discard();
  });

  async function reopen(): Promise<void> {
    await store.onApplicationShutdown();
    ({ store, queue } = await openAt(place, log));
  }

  function toKept(fields: Partial<Line> = {}): KeptLine {
    const line: Line = {
      kind: 'event',
      ...ACCOUNT,
      state: 'waiting',
      endpoint: 'http://bot:8080',
      dueAtMs: NOW_MS,
      lease: null,
      probedAtMs: 0,
      arrivedAtMs: NOW_MS - 1,
      waitingSinceMs: NOW_MS - 2,
      lastFailure: FAILURE,
      details: { text: '没有', list: [1, null] },
      body: Buffer.from([0, 0xff, 0x80]),
      ...fields,
    };
    return { line, revision: randomUUID() };
  }

  function toMessage(msgid: string, fields: Partial<Message> = {}): Message {
    return {
      ...ACCOUNT,
      ...{ msgid, type: 'text', origin: 3, lane: 'lane', sentAtMs: NOW_MS - 5, skip: 2 },
      ...{
        seq: NOW_MS * 1_000,
        page: { appId: 'app', cursor: 'cursor' },
        state: 'waiting',
        storedAtMs: NOW_MS,
      },
      ...{ attempts: 1, refusals: 1, step: 3, dueAtMs: NOW_MS, lastFailure: FAILURE },
      content: new Secret('sealed'),
      ...fields,
    };
  }

  const write = (sql: string, ...values: readonly Value[]) => store.step('change line', { sql, values });
  const claimable = async (except = NONE, limit = 100) =>
    (await queue.listClaimable('event', NOW_MS, limit, except)).map(({ line }) => line.openKfId);
  const waiting = async () => (await queue.listFirst(ACCOUNT, 'account', 8, null)).map(({ msgid }) => msgid);

  it('keeps every column of a line and of a message, over a restart too', async () => {
    const full = toKept({ lease: { id: 'lease', untilMs: NOW_MS } });
    const empty = toKept({ ...EMPTY, openKfId: 'wkEmpty' });
    const message = toMessage('m1');
    const dead = toMessage('m2', { state: 'dead', dueAtMs: null, seq: 1 });
    for (const line of [full, empty]) expect(await queue.insert(line)).toBe(true);
    await queue.addMessages([message, dead], []);
    const before = await queue.find(KEY);
    await reopen();
    expect(before).toEqual(full);
    expect(await queue.find(KEY)).toEqual({
      ...full,
      line: { ...full.line, lease: { id: 'lease', untilMs: 0 } },
    });
    expect(await queue.find(lineKey('event', empty.line))).toEqual(empty);
    expect(await queue.findMessage(webhookIdOf(message))).toEqual(message);
    expect(await queue.findMessage(webhookIdOf(dead))).toEqual(dead);
  });

  it('changes a line only as it was read', async () => {
    const first = toKept();
    const second = toKept({ body: first.line.body, state: 'parked', dueAtMs: null, endpoint: null });
    const third = toKept({ body: Buffer.from('other'), details: {} });
    expect(await queue.insert(first)).toBe(true);
    expect(await queue.insert(second)).toBe(false);
    expect(await queue.replace(first, second)).toBe(true);
    expect(await queue.replace(first, third)).toBe(false);
    expect(await queue.remove(first)).toBe(false);
    expect(await queue.find(KEY)).toEqual(second);
    expect(await claimable()).toEqual([]);
    expect(await queue.replace(second, third)).toBe(true);
    expect(await queue.find(KEY)).toEqual(third);
    expect(await queue.remove(third)).toBe(true);
    expect(await queue.find(KEY)).toBeNull();
  });

  it('has after a restart all that was written, and nothing else', async () => {
    const kept = Array.from({ length: 1_000 }, (_, n) => toKept({ openKfId: `wk${n}` }));
    await Promise.all(kept.map((line) => queue.insert(line)));
    await Promise.all(kept.map((line, n) => (n % 2 === 0 ? queue.remove(line) : null)));
    await reopen();
    const left = kept.filter((_, n) => n % 2 === 1).map(({ line }) => line.openKfId);
    expect((await claimable(NONE, 1_000)).sort()).toEqual(left.sort());
  });

  it('makes all lines of an endpoint due, whatever their number, and leaves leases', async () => {
    await fill(2_500, "'http://bot'");
    const lease = { id: 'lease', untilMs: NOW_MS };
    await queue.insert(toKept({ endpoint: 'http://bot', lease, dueAtMs: NOW_MS }));
    await queue.insert(toKept({ openKfId: 'wkElse' }));
    await queue.makeDue('event', 'http://bot', 5);
    expect(await queue.nextClaimableAtMs('event', new Set(['http://bot:8080']))).toBe(5);
    expect(await queue.listClaimable('event', 5, 2_000, NONE)).toHaveLength(2_000);
    const later = "SELECT count(*) AS count FROM lines WHERE endpoint = 'http://bot' AND due_at > 5";
    expect(await store.rows(later)).toEqual([{ count: 0 }]);
    expect((await queue.find(KEY))?.line).toMatchObject({ lease, dueAtMs: 5 });
  });

  it('lets leases lapse with their process: what they held is claimable, and shows that it was held', async () => {
    const lease = { id: 'lease', untilMs: NOW_MS + 15_000 };
    await queue.insert(toKept({ lease, dueAtMs: NOW_MS + 9_000 }));
    await queue.insert(toKept({ ...EMPTY, openKfId: 'wkDead', lease }));
    expect(await claimable()).toEqual([]);
    await reopen();
    const [kept] = await queue.listClaimable('event', NOW_MS, 9, NONE);
    expect(kept?.line).toMatchObject({
      ...ACCOUNT,
      lease: { id: 'lease', untilMs: 0 },
      dueAtMs: NOW_MS + 9_000,
    });
    expect(await claimable()).toHaveLength(1);
  });

  it('finds the earliest of few among 100,000 lines of endpoints that are left out', async () => {
    await fill(100_000, "iif(n % 10000 = 7, 'http://bot', 'http://away/' || (n % 3))");
    const away = new Set(['http://away/0', 'http://away/1', 'http://away/2']);
    expect(await claimable(away, 3)).toEqual(['wk90007', 'wk80007', 'wk70007']);
    expect(await claimable(away)).toHaveLength(10);
    expect(await queue.nextClaimableAtMs('event', away)).toBe(NOW_MS - 90_007);
    expect(await queue.nextClaimableAtMs('messages', NONE)).toBeNull();
  });

  /** The later, the earlier due. */
  const fill = (count: number, endpoint: string) =>
    write(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
        INSERT INTO lines SELECT 'event ww/wk' || n, 'event', 'ww', 'wk' || n, 'waiting', ${endpoint}, ? - n, NULL, NULL, ? - n,
          0, n, n, NULL, '{}', NULL, 'r' FROM numbers`,
      ...[count, NOW_MS, NOW_MS],
    );

  describe('a line that cannot be read', () => {
    it.each([
      ['is no JSON', "details = '{'"],
      ['lacks a detail', "details = 'null'"],
      ['has a failure that is none', "last_failure = '{}'"],
      ['is of another account', "open_kf_id = 'wkOther'"],
      ['has a state that nobody knows', "state = 'lost'"],
      ['has half a lease', "lease_id = 'x'"],
    ])('because it %s is set aside and said once, and stops no other', async (_why, change) => {
      await queue.insert(toKept({ dueAtMs: NOW_MS - 1 }));
      await queue.insert(toKept({ openKfId: 'wkWhole' }));
      await write(`UPDATE lines SET ${change} WHERE key = ?`, KEY);
      for (let restarts = 0; restarts < 2; restarts++) {
        expect(await claimable(NONE, 1)).toEqual(['wkWhole']);
        expect(await queue.findToProbe('event', 'http://bot:8080', NOW_MS)).toMatchObject({
          line: { openKfId: 'wkWhole' },
        });
        expect(await queue.find(KEY)).toBeNull();
        expect(await queue.findAll([KEY])).toEqual([]);
        expect(await queue.group('event', NOW_MS)).toHaveLength(1);
        expect(await queue.count('event')).toMatchObject({ waiting: 1, unreadable: 1 });
        await reopen();
      }
      expect(said).toMatchObject([
        { level: 50, msg: 'outbox.record_unreadable', hint: 'wwCorp_1/wkAccount-1' },
      ]);
      expect(await queue.insert(toKept())).toBe(true);
      expect(await queue.count('event')).toMatchObject({ waiting: 2, unreadable: 0 });
    });

    it('is set aside by whoever finds its details to be others, and only as it was read', async () => {
      const [first, second] = [toKept(), toKept({ details: {} })];
      await queue.insert(first);
      await queue.replace(first, second);
      await queue.setAside(first);
      expect(await queue.find(KEY)).toEqual(second);
      for (let n = 0; n < 2; n++) await queue.setAside(second);
      expect(await queue.find(KEY)).toBeNull();
      expect(said).toHaveLength(1);
    });
  });

  describe('a message that cannot be read', () => {
    it.each([
      ['is no JSON', "head = '{'"],
      ['is of another message', "head = json_set(head, '$.msgid', 'm9')"],
      ['says nothing', 'content = NULL'],
      ['has no number', 'attempts = NULL'],
    ])('because it %s is passed over, said once, and gives way when it comes again', async (_why, change) => {
      await queue.addMessages([toMessage('m1', { seq: 1 }), toMessage('m2', { seq: 2 })], []);
      const key = webhookIdOf({ ...ACCOUNT, msgid: 'm1' });
      await write(`UPDATE messages SET ${change} WHERE key = ?`, key);
      for (let n = 0; n < 2; n++)
        expect((await queue.listFirst(ACCOUNT, 'account', 1, null))[0]?.msgid).toBe('m2');
      expect(await queue.findMessage(key)).toBeNull();
      expect(await queue.countWaiting(ACCOUNT)).toBe(1);
      expect(said).toMatchObject([{ level: 50, msg: 'message.record_unreadable', record: key }]);
      expect(await queue.addMessages([toMessage('m1', { seq: 3 })], [])).toEqual(new Set([key]));
      expect(await waiting()).toEqual(['m2', 'm1']);
    });
  });

  it('keeps nothing of what does not fit on the disk', async () => {
    const before = toKept();
    await queue.insert(before);
    await queue.addMessages([toMessage('m1')], []);
    const [size] = await store.rows<{ page_count: number }>('PRAGMA page_count');
    await store.rows(`PRAGMA max_page_count = ${size?.page_count}`);
    const body = Buffer.alloc(100_000);
    const many = Array.from({ length: 100 }, (_, n) => toMessage(`new${n}`, { seq: n }));
    const writes = [
      queue.insert(toKept({ openKfId: 'wkNew', body })),
      queue.replace(before, toKept({ body })),
      queue.addMessages(many, []),
    ];
    await Promise.all(writes.map((one) => expect(one).rejects.toMatchObject(UNAVAILABLE)));
    expect(await queue.find(KEY)).toEqual(before);
    expect(await queue.count('event')).toMatchObject({ waiting: 1 });
    expect(await waiting()).toEqual(['m1']);
  });

  it('keeps no new messages while the disk runs low, and takes what waits', async () => {
    await queue.addMessages([toMessage('m1')], []);
    store.requireRoomForMessages = () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    await expect(queue.addMessages([toMessage('m2')], [])).rejects.toMatchObject(UNAVAILABLE);
    expect(await queue.forgetMessage(webhookIdOf(toMessage('m1')), NOW_MS)).toBe(true);
  });

  it('refuses what comes when the store is closed by an error that can be caught', async () => {
    await store.onApplicationShutdown();
    await expect(queue.insert(toKept())).rejects.toMatchObject(UNAVAILABLE);
    await expect(claimable()).rejects.toMatchObject(UNAVAILABLE);
    await reopen();
  });
});
