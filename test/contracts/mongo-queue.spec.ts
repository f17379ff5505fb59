/** The queue on MongoDB: what is promised of every store of it, and what of this one alone. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { merge, type NewHint, toHintCounts, toLine } from '../../src/queue/event.js';
import { claimableAtMs, type Line, lineKey } from '../../src/storage/queue/line.js';
import { type KeptLine, QueueStore } from '../../src/storage/queue/queue-store.js';
import { AppError } from '../../src/kernel/app-error.js';
import { MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { type LineRecord, LINES, MongoQueueStore } from '../../src/storage/mongo/queue.js';
import { mongoPlace } from '../support/each-store.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { type Place, sealedPlace } from '../support/place.js';
import { messagesOf, eventsOf } from '../support/queue.js';
import { storedBytes } from '../support/stored-bytes.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { newEntry, queueStoreContract } from './queue-store.contract.js';
import { ENTRY_STATES } from '../../src/storage/queue/entry.js';
import { messageQueueContract, type OpenedMessages } from './message-queue.contract.js';
import { type OpenedEventQueue, eventQueueContract } from './event-queue.contract.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const ENDPOINT = 'http://puppet:8080';
const NONE: ReadonlySet<string> = new Set();
/** In pieces: the stand-in answers nobody else during one. */
const PIECE = 1_000;

function lineOf(n: number, fields: Partial<Line> = {}): Line {
  return {
    kind: 'event',
    corpId: 'wwCorp_1',
    openKfId: `wk${n}`,
    state: 'waiting',
    endpoint: ENDPOINT,
    dueAtMs: NOW_MS + n,
    lease: null,
    probedAtMs: 0,
    arrivedAtMs: NOW_MS,
    waitingSinceMs: NOW_MS - 1,
    lastFailure: null,
    details: { a: 'text', b: [1, null, { c: true }] },
    body: Buffer.from([0, 0xff, 0x80, 60]),
    ...fields,
  };
}

const keptOf = (line: Line): KeptLine => ({ line, revision: randomUUID() });
const keyOf = ({ line }: KeptLine): string => lineKey(line.kind, line);

async function insertLines(store: MongoStore, lines: readonly Line[]): Promise<void> {
  const records = lines.map((line) => ({
    ...{ _id: lineKey(line.kind, line), ...line },
    ...{ claimableAtMs: claimableAtMs(line), revision: randomUUID() },
  }));
  for (let at = 0; at < records.length; at += PIECE)
    await store.collection<LineRecord>(LINES).insertMany(records.slice(at, at + PIECE));
}

function toEvents(store: OpenedStore): OpenedEventQueue {
  return {
    events: eventsOf(store),
    store: store.get(QueueStore),
    putAll: (hints: readonly NewHint[], nowMs) =>
      insertLines(
        store.get(MongoStore),
        hints.map((hint) => toLine(merge(null, hint, nowMs))),
      ),
    reopen: async () => toEvents(await store.reopen()),
    close: () => store.close(),
  };
}

function toMessages(store: OpenedStore, place: Place): OpenedMessages {
  return {
    messages: messagesOf(store),
    queue: store.get(QueueStore),
    storedBytes: () => storedBytes(place),
    reopen: async () => toMessages(await store.reopen(), place),
    close: () => store.close(),
  };
}

mongoSuite('the port of the queue on MongoDB', () => {
  const open = keptMongo();
  queueStoreContract(async () => {
    const store = await open();
    return { queue: store.get(QueueStore), close: () => store.close() };
  });
});

mongoSuite('hints on MongoDB', () => {
  const open = keptMongo();
  eventQueueContract(async () => toEvents(await open()));
});

mongoSuite('messages on MongoDB', () => {
  const place = sealedPlace(mongoPlace());
  const open = keptMongo(place);
  messageQueueContract(async () => toMessages(await open(), place));
});

mongoSuite('the queue on MongoDB', () => {
  const open = keptMongo();
  let opened: OpenedStore;
  let queue: QueueStore;
  let said: string[];

  beforeEach(async () => {
    opened = await open();
    await opened.close();
    said = [];
    const log = pino({ level: 'error' }, { write: (line: string) => void said.push(line) });
    queue = new MongoQueueStore(opened.get(MongoStore), log);
  });

  const lines = () => opened.get(MongoStore).collection<LineRecord>(LINES);

  it('leaves out streams of other replicas, by how their endpoints end', async () => {
    const ends = ['bot_1@one', 'bot_1@one.two', 'bot_1@onextwo', 'bot_1@two', 'bot_1', 'one'];
    for (const [n, end] of ends.entries())
      await queue.write(null, keptOf(lineOf(n, { endpoint: `wxkf://stream/a#${end}` })));
    const found = await queue.listClaimable(
      'event',
      NOW_MS + 9,
      9,
      new Set(['@one', '@one.two', 'http://away']),
    );
    expect(found.map(({ line }) => line.endpoint?.split('#')[1])).toEqual(ends.slice(2));
  });

  describe('a record that cannot be read', () => {
    it.each<[string, object]>([
      ['a line without a time', { $unset: { arrivedAtMs: 1 } }],
      ['a line with a text for a body', { $set: { body: 'text' } }],
      ['a line under the key of another', { $set: { openKfId: 'wk7' } }],
    ])('is set aside and said once, and others go on: %s', async (_what, damage) => {
      const [bad, good] = [keptOf(lineOf(1)), keptOf(lineOf(2))];
      for (const kept of [bad, good]) await queue.write(null, kept);
      await lines().updateOne({ _id: keyOf(bad) }, damage);
      const claimable = () => queue.listClaimable('event', NOW_MS + 9, 9, NONE);
      expect(await Promise.all([claimable(), claimable()])).toEqual([[good], [good]]);
      expect(await queue.find(keyOf(bad))).toBeNull();
      expect(toHintCounts(await queue.count('event'))).toMatchObject({ waiting: 1, unreadable: 1 });
      expect(said).toHaveLength(1);
      expect(said[0]).toContain('outbox.record_unreadable');
      expect(said[0]).toContain('"hint":"wwCorp_1/wk1"');
      const next = keptOf(lineOf(1));
      expect(await queue.write(null, next)).toBe(true);
      expect(await queue.find(keyOf(bad))).toEqual(next);
    });

    it('leaves a page of lines as long as it was to be', async () => {
      for (const n of [1, 2, 3, 4]) await queue.write(null, keptOf(lineOf(n)));
      await lines().updateOne({ openKfId: 'wk2' }, { $unset: { details: 1 } });
      const filter = { states: ['waiting'], corpId: null } as const;
      const page = await queue.list('event', filter, null, 3, 'account');
      expect(page.map(({ openKfId }) => openKfId)).toEqual(['wk1', 'wk3', 'wk4']);
    });
  });

  it('says that it is unavailable where a write fails, and leaves nothing of it', async () => {
    const store = opened.get(MongoStore);
    const failing = new Proxy(store, {
      get: (target, property) => {
        if (property !== 'collection') return Reflect.get(target, property).bind?.(target);
        return (name: string) =>
          new Proxy(target.collection(name), {
            get: (collection, method) => {
              const value: unknown = Reflect.get(collection, method);
              if (typeof value !== 'function') return value;
              if (/One|Many/.test(String(method)) && method !== 'findOne')
                return () => Promise.reject(new Error('it failed'));
              return value.bind(collection);
            },
          });
      },
    });
    const broken = new MongoQueueStore(failing, pino({ level: 'silent' }));
    const kept = keptOf(lineOf(1));
    await queue.write(null, kept);
    await queue.addEntries([newEntry(1)], []);
    const first = { states: ENTRY_STATES, keys: [newEntry(1).key] };
    const page = { by: 'place', limit: 9, withContent: true } as const;
    for (const write of [
      () => broken.write(null, keptOf(lineOf(2))),
      () => broken.write(kept, keptOf(lineOf(1, { dueAtMs: 0 }))),
      () => broken.write(kept, null),
      () => broken.addEntries([newEntry(2)], []),
      () => broken.changeEntries(first, { attempts: 1 }),
      () => broken.forgetEntries(first, NOW_MS),
    ])
      await expect(write()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' } satisfies Partial<AppError>);
    expect(await lines().countDocuments()).toBe(1);
    expect(await queue.find(keyOf(kept))).toEqual(kept);
    expect(await queue.listEntries(first, page)).toEqual([newEntry(1)]);
  });
});

/** In a database of its own: the stand-in answers nobody while it removes so many. */
mongoSuite('very many lines on MongoDB', () => {
  let store: OpenedStore;
  let queue: QueueStore;

  beforeAll(async () => {
    store = await openStore(mongoPlace());
    queue = store.get(QueueStore);
  });
  afterAll(() => store.close());

  it('finds what may be claimed behind very many lines of endpoints that are left out', async () => {
    const away = ['http://away-1', 'http://away-2'];
    await insertLines(
      store.get(MongoStore),
      Array.from({ length: 10_000 }, (_, n) =>
        lineOf(n, n < 9_990 ? { endpoint: away[n % 2] as string } : {}),
      ),
    );
    const list = (limit: number) => queue.listClaimable('event', NOW_MS + 10_000, limit, new Set(away));
    const found = await list(5);
    expect(found.map(({ line }) => line.openKfId)).toEqual(
      [9_990, 9_991, 9_992, 9_993, 9_994].map((n) => `wk${n}`),
    );
    expect(await list(50)).toHaveLength(10);
    expect(await queue.listClaimable('event', NOW_MS + 9_992, 50, new Set(away))).toHaveLength(3);
    expect(await queue.listClaimable('messages', NOW_MS + 10_000, 50, NONE)).toEqual([]);
  }, 60_000);
});
