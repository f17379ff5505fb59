/** The queue on SQLite: the contracts of those who use it, and what the store alone promises. */
import { toHintCounts } from '../../src/queue/event.js';
import { ENTRY_STATES } from '../../src/storage/queue/entry.js';
import { newEntry, queueStoreContract } from './queue-store.contract.js';
import { type Line, LINE_STATES, lineKey } from '../../src/storage/queue/line.js';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type KeptLine, QueueStore } from '../../src/storage/queue/queue-store.js';
import { AppError } from '../../src/kernel/app-error.js';
import type { Log } from '../../src/kernel/log.js';
import type { Value } from '../../src/storage/sqlite/database.js';
import { SqliteQueueStore } from '../../src/storage/sqlite/queue.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { messagesOf, eventsOf } from '../support/queue.js';
import { storedBytes } from '../support/stored-bytes.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { messageQueueContract, type OpenedMessages } from './message-queue.contract.js';
import { type OpenedEventQueue, eventQueueContract } from './event-queue.contract.js';
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

const toEvents = ({ reopen, close, ...store }: OpenedStore): OpenedEventQueue => ({
  events: eventsOf(store),
  store: store.get(QueueStore),
  reopen: async () => toEvents(await reopen()),
  close,
});

const toMessages = ({ reopen, close, ...store }: OpenedStore, place: Place): OpenedMessages => ({
  messages: messagesOf(store),
  queue: store.get(QueueStore),
  storedBytes: () => storedBytes(place),
  reopen: async () => toMessages(await reopen(), place),
  close,
});

queueStoreContract(async () => {
  const store = await openStore(embeddedPlace());
  return { queue: store.get(QueueStore), close: () => store.close() };
});
eventQueueContract(async () => toEvents(await openStore(embeddedPlace())));
messageQueueContract(async () => {
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

  const counts = async () => toHintCounts(await queue.count('event'));
  const entryOf = async (key: string) => {
    const page = { by: 'place', limit: 1, withContent: true } as const;
    return (await queue.listEntries({ states: ENTRY_STATES, keys: [key] }, page))[0];
  };
  const write = (sql: string, ...values: readonly Value[]) => store.step('change line', { sql, values });
  const claimable = async (except = NONE, limit = 100) =>
    (await queue.listClaimable('event', NOW_MS, limit, except)).map(({ line }) => line.openKfId);
  const waiting = async () => {
    const found = await queue.listEntries({ ...ACCOUNT, states: ['waiting'] }, { by: 'place', limit: 8 });
    return found.map(({ seq }) => seq);
  };

  it('keeps every column of a line and of a message, over a restart too', async () => {
    const full = toKept({ lease: { id: 'lease', untilMs: NOW_MS } });
    const empty = toKept({ ...EMPTY, openKfId: 'wkEmpty' });
    const entry = newEntry(1);
    const dead = newEntry(2, { state: 'dead', dueAtMs: null, lastFailure: FAILURE });
    for (const line of [full, empty]) expect(await queue.write(null, line)).toBe(true);
    await queue.addEntries([entry, dead], []);
    const before = await queue.find(KEY);
    await reopen();
    expect(before).toEqual(full);
    expect(await queue.find(KEY)).toEqual({
      ...full,
      line: { ...full.line, lease: { id: 'lease', untilMs: 0 } },
    });
    expect(await queue.find(lineKey('event', empty.line))).toEqual(empty);
    expect(await entryOf(entry.key)).toEqual(entry);
    expect(await entryOf(dead.key)).toEqual(dead);
  });

  it('has after a restart all that was written, and nothing else', async () => {
    const kept = Array.from({ length: 1_000 }, (_, n) => toKept({ openKfId: `wk${n}` }));
    await Promise.all(kept.map((line) => queue.write(null, line)));
    await Promise.all(kept.map((line, n) => (n % 2 === 0 ? queue.write(line, null) : null)));
    await reopen();
    const left = kept.filter((_, n) => n % 2 === 1).map(({ line }) => line.openKfId);
    expect((await claimable(NONE, 1_000)).sort()).toEqual(left.sort());
  });

  it('makes all lines of an endpoint due, whatever their number, and leaves leases', async () => {
    await fill(2_500, "'http://bot'");
    const lease = { id: 'lease', untilMs: NOW_MS };
    await queue.write(null, toKept({ endpoint: 'http://bot', lease, dueAtMs: NOW_MS }));
    await queue.write(null, toKept({ openKfId: 'wkElse' }));
    await queue.makeDue('event', 'http://bot', 5);
    expect(await queue.nextClaimableAtMs('event', new Set(['http://bot:8080']))).toBe(5);
    expect(await queue.listClaimable('event', 5, 2_000, NONE)).toHaveLength(2_000);
    const later = "SELECT count(*) AS count FROM lines WHERE endpoint = 'http://bot' AND due_at > 5";
    expect(await store.rows(later)).toEqual([{ count: 0 }]);
    expect((await queue.find(KEY))?.line).toMatchObject({ lease, dueAtMs: 5 });
  });

  it('lets leases lapse with their process: what they held is claimable, and shows that it was held', async () => {
    const lease = { id: 'lease', untilMs: NOW_MS + 15_000 };
    await queue.write(null, toKept({ lease, dueAtMs: NOW_MS + 9_000 }));
    await queue.write(null, toKept({ ...EMPTY, openKfId: 'wkDead', lease }));
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
      await queue.write(null, toKept({ dueAtMs: NOW_MS - 1 }));
      await queue.write(null, toKept({ openKfId: 'wkWhole' }));
      await write(`UPDATE lines SET ${change} WHERE key = ?`, KEY);
      for (let restarts = 0; restarts < 2; restarts++) {
        expect(await claimable(NONE, 1)).toEqual(['wkWhole']);
        expect(await queue.findToProbe('event', 'http://bot:8080', NOW_MS)).toMatchObject({
          line: { openKfId: 'wkWhole' },
        });
        expect(await queue.find(KEY)).toBeNull();
        expect(
          await queue.list('event', { states: LINE_STATES, corpId: null, keys: [KEY] }, null, 9, 'account'),
        ).toEqual([]);
        expect(await queue.group('event', NOW_MS, Infinity)).toHaveLength(1);
        expect(await counts()).toMatchObject({ waiting: 1, unreadable: 1 });
        await reopen();
      }
      expect(said).toMatchObject([
        { level: 50, msg: 'outbox.record_unreadable', hint: 'wwCorp_1/wkAccount-1' },
      ]);
      expect(await queue.write(null, toKept())).toBe(true);
      expect(await counts()).toMatchObject({ waiting: 2, unreadable: 0 });
    });
  });

  it('finds the entries of an account by an index, whatever is asked and changed', async () => {
    const plans: string[] = [];
    const explain = async (sql: string, values: readonly Value[] = []) => {
      const plan = await store.rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values);
      plans.push(...plan.map(({ detail }) => detail));
    };
    const explained = new SqliteQueueStore(
      {
        requireWritable: () => {},
        requireRoomForMessages: () => {},
        rows: async (sql, ...values) => explain(sql, values).then(() => []),
        step: async (_what, ...statements) => {
          for (const { sql, values } of statements) await explain(sql, values);
          return null;
        },
      },
      log,
    );
    const waiting = { ...ACCOUNT, states: ['waiting'] } as const;
    const one = { states: ENTRY_STATES, keys: ['key'] };
    await explained.listEntries(waiting, { by: 'place', limit: 8, withContent: true });
    await explained.listEntries({ ...waiting, lane: 'lane' }, { by: 'place', limit: 8 });
    await explained.listEntries(one, { by: 'place', limit: 1 });
    await explained.listEntries({ states: ['waiting'], storedUntilMs: 1 }, { by: 'storedAtMs', limit: 1 });
    await explained.listFirstOfLanes(ACCOUNT, { by: 'dueAtMs', limit: 1 });
    await explained.changeEntries({ ...waiting, dueAfterMs: 1 }, { dueAtMs: 1 });
    await explained.changeEntries(one, { dueAtMs: 1 });
    await explained.forgetEntries({ ...waiting, pageCursor: 'cursor' }, NOW_MS);
    await explained.forgetEntries(waiting, null);
    await explained.countEntries(ACCOUNT);
    expect(plans.length).toBeGreaterThan(10);
    expect(plans.filter((detail) => /^SCAN messages(?! USING COVERING)/.test(detail))).toEqual([]);
  });

  it('keeps nothing of what does not fit on the disk', async () => {
    const before = toKept();
    await queue.write(null, before);
    await queue.addEntries([newEntry(1)], []);
    const [size] = await store.rows<{ page_count: number }>('PRAGMA page_count');
    await store.rows(`PRAGMA max_page_count = ${size?.page_count}`);
    const body = Buffer.alloc(100_000);
    const many = Array.from({ length: 100 }, (_, n) => newEntry(n + 2));
    const writes = [
      queue.write(null, toKept({ openKfId: 'wkNew', body })),
      queue.write(before, toKept({ body })),
      queue.addEntries(many, []),
    ];
    await Promise.all(writes.map((one) => expect(one).rejects.toMatchObject(UNAVAILABLE)));
    expect(await queue.find(KEY)).toEqual(before);
    expect(await counts()).toMatchObject({ waiting: 1 });
    expect(await waiting()).toEqual([1]);
  });

  it('keeps no new messages while the disk runs low, and takes what waits', async () => {
    await queue.addEntries([newEntry(1)], []);
    store.requireRoomForMessages = () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    await expect(queue.addEntries([newEntry(2)], [])).rejects.toMatchObject(UNAVAILABLE);
    expect(await queue.forgetEntries({ states: ['waiting'], keys: [newEntry(1).key] }, NOW_MS)).toBe(1);
  });

  it('refuses what comes when the store is closed by an error that can be caught', async () => {
    await store.onApplicationShutdown();
    await expect(queue.write(null, toKept())).rejects.toMatchObject(UNAVAILABLE);
    await expect(claimable()).rejects.toMatchObject(UNAVAILABLE);
    await reopen();
  });
});
