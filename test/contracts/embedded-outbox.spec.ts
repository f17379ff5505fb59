/** What the embedded outbox promises beyond its port: about its records, and about a disk that is full. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type Hint, hintKey, merge, type NewHint } from '../../src/dispatch/outbox/hint.js';
import type { Outbox } from '../../src/dispatch/outbox/outbox.js';
import { AppError } from '../../src/kernel/app-error.js';
import { openSqliteOutbox, SqliteHints } from '../../src/storage/sqlite/hints.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { kfEvent } from '../support/delivery.js';
import { embeddedPlace, type Place } from '../support/place.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const NONE: ReadonlySet<string> = new Set();
const KEY = keyOf('wkAccount-1');

let place: Place;
let store: SqliteStore;
let outbox: Outbox;
let lines: Record<string, unknown>[];
const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });

beforeEach(async () => {
  place = embeddedPlace();
  lines = [];
  await open();
});

afterEach(async () => {
  await store.onApplicationShutdown();
  await place.discard();
});

async function open(): Promise<void> {
  store = await SqliteStore.open({ dataDir: place.env.DATA_DIR ?? '' });
  outbox = await openSqliteOutbox(store, log);
}

async function reopen(): Promise<void> {
  await store.onApplicationShutdown();
  await open();
}

function keyOf(openKfId: string): string {
  return hintKey({ corpId: 'wwCorp_1', openKfId });
}

function newHint(id: string, openKfId = 'wkAccount-1', { createdAtS } = kfEvent()): NewHint {
  const raw = { msgSignature: 's', timestamp: '1', nonce: 'n', body: Buffer.from([0xe9]) };
  return {
    event: kfEvent({ id, openKfId, createdAtS, raw }),
    isFirst: () => false,
    keysId: 'keys-1',
    arrivedAtMs: NOW_MS,
    attempts: 1,
    step: 1,
    dueAtMs: NOW_MS,
    endpoint: 'http://puppet:8080',
    failure: { atMs: NOW_MS, stage: 'connect', reason: '没有连接' },
    lease: null,
  };
}

function hint(id: string): Hint {
  return merge(null, newHint(id), NOW_MS);
}

const idsDue = async (): Promise<string[]> =>
  (await outbox.claimDue(NOW_MS, 1_000, 15_000, NONE)).map(({ event }) => event.id);

/** Of all at once, so that no rejection is left for later. */
async function expectUnavailable(calls: readonly Promise<unknown>[]): Promise<void> {
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })));
}

const BYTES_OF =
  'INSERT INTO hints VALUES (?, CAST(? AS TEXT)) ON CONFLICT DO UPDATE SET hint = excluded.hint';
const spoil = (bytes: Buffer) => store.step('write hint', { sql: BYTES_OF, values: [KEY, bytes] });

async function setAside(): Promise<readonly { key: string; hint: string }[]> {
  const sql = 'SELECT key, CAST(hint AS BLOB) AS bytes FROM unreadable_hints ORDER BY rowid';
  const rows = await store.rows<{ key: string; bytes: Uint8Array }>(sql);
  return rows.map(({ key, bytes }) => ({ key, hint: Buffer.from(bytes).toString('latin1') }));
}

/** The store on a disk that is full. */
function withoutRoom(): SqliteStore {
  const full: Pick<SqliteStore, 'rows' | 'step'> = {
    rows: (...read) => store.rows(...read),
    step: async () => {
      await new Promise(setImmediate);
      throw new AppError('STORE_UNAVAILABLE');
    },
  };
  return full as SqliteStore;
}

describe('a record that cannot be read', () => {
  const { lease: _lease, eventId: _id, createdAtS: _createdAtS, ...whole } = hint('x');
  const raw = { ...whole.event.raw, body: 'é' };
  const json = (fields: object) =>
    Buffer.from(JSON.stringify({ ...whole, event: { ...whole.event, raw }, ...fields }));

  it.each([
    ['is empty', Buffer.alloc(0)],
    ['is no JSON', Buffer.from([0xff, 0, 0x7b])],
    ['lost its end', json({}).subarray(0, -40)],
    ['is no object', Buffer.from('null')],
    ['lacks a field', json({ generation: undefined })],
    ['has a field of another kind', json({ dueAtMs: '0' })],
    ['has a state that nobody knows', json({ state: 'lost' })],
    ['has no event', json({ event: null })],
    ['has half a callback', json({ event: { ...kfEvent(), raw: { body: '' } } })],
    ['is of another account', json({ openKfId: 'wkOther' })],
    ['has the event of another account', json({ event: kfEvent({ openKfId: 'wkOther' }) })],
  ])('because it %s is set aside as it is, and counted from then on', async (_why, bytes) => {
    await outbox.put(newHint('whole', 'wkWhole'), NOW_MS);
    await spoil(bytes);
    for (let restarts = 0; restarts < 2; restarts++) {
      await reopen();
      expect(await outbox.counts()).toMatchObject({ waiting: 1, unreadable: 1 });
      expect(await idsDue()).toEqual(['whole']);
    }
    expect(await setAside()).toEqual([{ key: KEY, hint: bytes.toString('latin1') }]);
    expect(lines).toMatchObject([{ level: 50, msg: 'outbox.record_unreadable', hint: KEY }]);
    expect(await store.rows('SELECT key FROM hints')).toHaveLength(1);
  });

  it.each([
    ['with a trace that is none', 'x\r\ny: z'],
    ['with a number for a trace', 7],
  ])('is none that was kept %s', async (_what, traceparent) => {
    await spoil(json({ event: { ...whole.event, raw, traceparent } }));
    await reopen();
    expect(await outbox.find(KEY)).toMatchObject({ event: { id: 'x', traceparent: null } });
    expect(await outbox.counts()).toMatchObject({ waiting: 1, unreadable: 0 });
  });

  it('leaves room for another of the same account', async () => {
    for (const text of ['one', 'two']) {
      await spoil(Buffer.from(text));
      await reopen();
    }
    await reopen();
    expect(await outbox.counts()).toMatchObject({ unreadable: 2 });
    expect((await setAside()).map(({ hint: text }) => text)).toEqual(['one', 'two']);
  });
});

describe('what was acknowledged', () => {
  it('is there after a restart, all of it and nothing else', async () => {
    const accounts = Array.from({ length: 1_000 }, (_, n) => `wk${n}`);
    await Promise.all(accounts.map((id) => outbox.put(newHint(`old-${id}`, id), NOW_MS)));
    await Promise.all(
      accounts.map(async (id, n) => {
        const { generation } = await outbox.put(newHint(id, id), NOW_MS);
        if (n % 2 === 0) await outbox.settle({ key: keyOf(id), generation, leaseId: null }, NOW_MS);
      }),
    );
    await reopen();
    expect((await idsDue()).sort()).toEqual(accounts.filter((_, n) => n % 2 === 1).sort());
  });

  it('stays when the disk is full, and what is put then is rejected and gone', async () => {
    await outbox.put(newHint('before'), NOW_MS);
    outbox = await openSqliteOutbox(withoutRoom(), log);
    const puts = ['wkAccount-1', 'wkAccount-1', 'wkOther'].map((id) =>
      outbox.put({ ...newHint('new', id), arrivedAtMs: NOW_MS + 1 }, NOW_MS),
    );
    await expectUnavailable(puts);
    expect(await outbox.counts()).toMatchObject({ waiting: 1 });
    expect(await idsDue()).toEqual(['before']);
    await reopen();
    expect(await idsDue()).toEqual(['before']);
  });
});

describe('an event whose write is under way', () => {
  it('is given at once, the newest of several, also when the first is on the disk', async () => {
    const hints = new SqliteHints(store, log);
    const writes = ['a', 'b', 'c'].map((id) => {
      const write = hints.write(KEY, hint(id));
      expect(hints.readEvent(KEY)).toMatchObject({ event: { id } });
      return write;
    });
    for (const write of writes) {
      await write;
      expect(hints.readEvent(KEY)).toMatchObject({ event: { id: 'c' } });
    }
  });

  it('is not what a settled one before it was', async () => {
    const hints = new SqliteHints(store, log);
    const ends = [hints.write(KEY, hint('a')), hints.remove(KEY), hints.write(KEY, hint('b'))];
    for (const end of ends) {
      expect(hints.readEvent(KEY)).toMatchObject({ event: { id: 'b' } });
      await end;
    }
    await hints.remove(KEY);
    expect(hints.readEvent(KEY)).toBeNull();
    expect(hints.unreadable).toBe(0);
  });
});

it('refuses what comes when the store is closed', async () => {
  await outbox.put(newHint('before'), NOW_MS);
  await store.onApplicationShutdown();
  await expectUnavailable([
    outbox.put(newHint('late'), NOW_MS),
    outbox.put(newHint('late', 'wkOther'), NOW_MS),
  ]);
  await open();
  expect(await idsDue()).toEqual(['before']);
});
