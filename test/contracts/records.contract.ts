import { newPullState, PULL_STATES } from '../../src/messages/queue/pull-state.js';
import { CONVERSATIONS } from '../../src/agents/conversations.js';
import { REPLIES } from '../../src/agents/replies.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/kernel/secret.js';
import { EMPTY_BOOK } from '../../src/notifications/book.js';
import { NOTIFICATION_BOOKS } from '../../src/notifications/notification-books.js';
import { ENDED_SESSIONS, OPERATORS } from '../../src/operators/operator.js';
import { APPS } from '../../src/registry/apps/app.js';
import { BOTS } from '../../src/registry/bots/stored-bot.js';
import { type RecordKind, toFields } from '../../src/storage/records/record-kind.js';
import { CONTENTS } from '../../src/store-contents.js';
import { newSession, SESSIONS, toStored } from '../../src/sessions/session.js';
import type { RecordStore } from '../../src/storage/records/records.js';
import { CONNECTIONS, REPLICAS } from '../../src/stream/stream-directory.js';
import { TOKENS } from '../../src/wecom/tokens/access-token.store.js';
import { storedApp } from '../support/apps.js';
import { storedBot } from '../support/bots.js';
import { operatorOf } from '../support/operators.js';
import { tokenOf, tokenRecord } from '../support/tokens.js';

/** One opened store, or several on the same data; `reopen` opens that once more after closing it, as a restart does. */
export interface OpenedRecords {
  readonly stores: readonly [RecordStore, ...RecordStore[]];
  reopen(): Promise<OpenedRecords>;
  /** Throws its data away. */
  close(): Promise<void>;
}

/** So that no store removes by itself what a test wrote. */
const LATER_MS = Date.UTC(2999, 5, 7, 8, 9, 10, 123);
const UNUSUAL = '口令 "\' \\ $where . \u0000 \u{1F511} %00 \r\n';

const session = (id: string, tokenId = 'alices') => ({ id, tokenId, endMs: LATER_MS });
const connection = {
  ...{ id: 'c1', replicaId: 'one', botId: 'bot-1', clientId: 'laptop-1', openKfIds: null },
  ...{ placedAtMs: 1, connectedAtMs: 2, address: '203.0.113.7', agent: UNUSUAL },
};
const storedSession = {
  ...toStored(newSession({ corpId: 'wwCorp_1', openKfId: 'wkA' }, UNUSUAL, 0)),
  expiresAtMs: LATER_MS,
};
const held = { id: 'one', untilMs: LATER_MS, revision: 0 };
const asked = { key: 'bot-1 customer', content: new Secret(UNUSUAL), expiresAtMs: LATER_MS };

/** A kind, a record of it, and the same record changed. */
type Sample<T extends object> = readonly [kind: RecordKind<T>, record: T, changed: T];
const sample = <T extends object>(kind: RecordKind<T>, record: T, changes: Partial<T>): Sample<object> =>
  [kind, record, { ...record, ...changes }] as unknown as Sample<object>;

const SAMPLES: readonly Sample<object>[] = [
  sample(APPS, storedApp({ name: UNUSUAL }), { name: '', receiveIds: [], verifiedAtMs: 5 }),
  sample(BOTS, storedBot({ takes: 'message', takesMessagesSinceMs: 7 }), {
    ...{ openKfIds: ['wkAccount-7'], secrets: new Secret('{"others":1}'), revision: 'revision-2' },
    keys: [
      { hash: 'new', untilMs: null },
      { hash: 'old', untilMs: Date.UTC(2026, 5, 7) },
    ],
  }),
  sample(OPERATORS, operatorOf(), { token: { hash: 'another', createdAtMs: 9 } }),
  sample(ENDED_SESSIONS, session('one'), { tokenId: '' }),
  sample(
    NOTIFICATION_BOOKS,
    { receiverId: 'one', book: { ...EMPTY_BOOK, lastFailure: { atMs: 5, reason: UNUSUAL } } },
    { book: EMPTY_BOOK },
  ),
  sample(
    TOKENS,
    { ...tokenRecord({ token: tokenOf(UNUSUAL, { formerIds: ['older'] }) }), lease: null },
    { token: null, lease: { id: 'a', untilMs: LATER_MS } },
  ),
  sample(REPLICAS, held, { revision: 1 }),
  sample(CONNECTIONS, connection, { openKfIds: ['wkA'] }),
  sample(PULL_STATES, newPullState({ corpId: 'wwCorp_1', openKfId: 'wkA' }), {
    ...{ cursors: [{ appId: 'app.$1', cursor: UNUSUAL }], regime: 'bot-1 0 0', pulledAtMs: 5, nextSeq: 9 },
    lease: { id: 'a', untilMs: LATER_MS },
  }),
  sample(SESSIONS, storedSession, { state: 3, left: 0 }),
  sample(CONVERSATIONS, asked, { content: new Secret('{}') }),
  sample(REPLIES, { ...asked, isSent: false }, { content: new Secret(''), isSent: true }),
];

/** The promises of `Records`, for every adapter. What one replica wrote, the other reads. */
export function recordsContract(open: () => Promise<OpenedRecords>): void {
  let opened: OpenedRecords;
  let one: RecordStore;
  let other: RecordStore;

  function use(next: OpenedRecords): void {
    opened = next;
    one = opened.stores[0];
    other = opened.stores.at(-1) ?? one;
  }

  beforeEach(async () => use(await open()));

  afterEach(() => opened.close());

  /** Secrets in the clear, so that a wrong one shows in a comparison. */
  const shown = <T extends object>(kind: RecordKind<T>, records: readonly T[]) =>
    records
      .map((record) => toFields(kind, record))
      .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));

  async function expectStored<T extends object>(kind: RecordKind<T>, ...expected: T[]): Promise<void> {
    expect(shown(kind, await other.of(kind).load())).toEqual(shown(kind, expected));
  }

  it('has a sample of every kind', () => expect(SAMPLES.map(([kind]) => kind)).toEqual(CONTENTS.records));

  describe.each(SAMPLES.map(([kind, ...records]) => [kind.name, kind, ...records] as const))(
    'of %s',
    (_name, kind, record, changed) => {
      const key = kind.keyOf(record);

      it('has nothing to begin with', async () => {
        await expectStored(kind);
        expect([await one.of(kind).find(key), await one.of(kind).remove(key)]).toEqual([null, false]);
      });

      it('gives what was added and what it was changed to, also after a restart', async () => {
        expect(await one.of(kind).add(record)).toBe('written');
        await expectStored(kind, record);
        expect(await one.of(kind).change(key, () => changed)).toMatchObject({ outcome: 'written' });
        use(await opened.reopen());
        await expectStored(kind, changed);
        const found = await one.of(kind).find(key);
        expect(found === null ? null : shown(kind, [found])).toEqual(shown(kind, [changed]));
      });
    },
  );

  describe('adds', () => {
    it('the same record as often as it is told, and no other with its key', async () => {
      const app = storedApp();
      expect([await one.of(APPS).add(app), await other.of(APPS).add(storedApp())]).toEqual([
        'written',
        'written',
      ]);
      expect(await other.of(APPS).add(storedApp({ name: 'another' }))).toBe('taken');
      await expectStored(APPS, app);
    });

    it('one of many that have its key, and come at the same time', async () => {
      const all = Array.from({ length: 20 }, (_, n) => operatorOf({ secret: `wxop_${n}` }));
      const stores = all.map((_, n) => (n % 2 === 0 ? one : other).of(OPERATORS));
      const added = await Promise.all(all.map((operator, n) => stores[n]?.add(operator)));
      expect(added.filter((outcome) => outcome === 'written')).toHaveLength(1);
      await expectStored(OPERATORS, ...all.filter((_, n) => added[n] === 'written'));
    });
  });

  describe('changes', () => {
    const replica = held;

    it('what is there, to what is made of it', async () => {
      await one.of(REPLICAS).add(replica);
      const change = await other.of(REPLICAS).change('one', (before) => before && { ...before, revision: 7 });
      expect(change).toEqual({ outcome: 'written', record: { ...replica, revision: 7 } });
      await expectStored(REPLICAS, { ...replica, revision: 7 });
    });

    it('nothing where it is to stay, whether or not it is there', async () => {
      const leave = () => one.of(REPLICAS).change('one', () => null);
      expect(await leave()).toEqual({ outcome: 'left', record: null });
      await one.of(REPLICAS).add(replica);
      expect(await leave()).toEqual({ outcome: 'left', record: replica });
      await expectStored(REPLICAS, replica);
    });

    it('the same record many times at once, and loses none of them', async () => {
      await one.of(REPLICAS).add(replica);
      const changes = Array.from({ length: 12 }, (_, n) =>
        (n % 2 === 0 ? one : other)
          .of(REPLICAS)
          .change('one', (before) => before && { ...before, revision: before.revision + 1 }),
      );
      const revisions = (await Promise.all(changes)).map(({ record }) => record?.revision ?? -1);
      expect(revisions.sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    });

    it('no record that was removed and added anew meanwhile', async () => {
      await one.of(REPLICAS).add(replica);
      const seen: (number | undefined)[] = [];
      const again = { ...replica, revision: 100 };
      const replaced = other.of(REPLICAS);
      let renewal: Promise<unknown> | undefined;
      await one.of(REPLICAS).change('one', (before) => {
        seen.push(before?.revision);
        renewal ??= replaced.remove('one').then(() => replaced.add(again));
        return before && { ...before, revision: before.revision + 1 };
      });
      await renewal;
      const [last] = await other.of(REPLICAS).load();
      // Whoever came first, nothing that was read before the removal is there after it.
      expect([100, 101]).toContain(last?.revision);
    });
  });

  describe('unique keys', () => {
    const bots = () => one.of(BOTS);
    const two = storedBot({ id: 'bot-2', openKfIds: ['wkAccount-2', 'wkAccount-3'] });

    it('are one record’s, which keeps them from others that are added or changed', async () => {
      await bots().add(storedBot());
      await bots().add(two);
      const greedy = storedBot({ id: 'bot-3', openKfIds: ['wkAccount-9', 'wkAccount-3'] });
      expect(await other.of(BOTS).add(greedy)).toBe('taken');
      const change = await other
        .of(BOTS)
        .change('bot-2', (before) => before && { ...before, openKfIds: ['wkAccount-2', 'wkAccount-1'] });
      expect(change.outcome).toBe('taken');
      await expectStored(BOTS, storedBot(), two);
      expect(await bots().add({ ...greedy, corpId: 'ww2' })).toBe('written');
    });

    it('are free once the record has others, or is gone', async () => {
      await bots().add(two);
      await bots().change(two.id, () => ({ ...two, openKfIds: ['wkAccount-2'] }));
      expect(await bots().add(storedBot({ id: 'bot-3', openKfIds: ['wkAccount-3'] }))).toBe('written');
      expect([await bots().remove(two.id), await bots().remove(two.id)]).toEqual([true, false]);
      expect(await bots().add(storedBot({ id: 'bot-4', openKfIds: ['wkAccount-2'] }))).toBe('written');
    });

    it('are one record’s also where many ask at the same time', async () => {
      const all = Array.from({ length: 10 }, (_, n) =>
        storedBot({ id: `bot-${n}`, openKfIds: [`wk-${n}`, 'wk'] }),
      );
      const added = await Promise.all(all.map((bot, n) => (n % 2 === 0 ? one : other).of(BOTS).add(bot)));
      expect(added.filter((outcome) => outcome === 'written')).toHaveLength(1);
      await expectStored(BOTS, ...all.filter((_, n) => added[n] === 'written'));
    });

    it('may be missing in any number of records', async () => {
      for (const id of ['bot-1', 'bot-2'])
        expect(await bots().add(storedBot({ id, openKfIds: [] }))).toBe('written');
    });
  });

  describe('lookup keys', () => {
    const idsOf = async (tokenId: string) =>
      (await other.of(ENDED_SESSIONS).findBy(tokenId)).map(({ id }) => id).sort();

    it('find all records that have them, for as long as they do', async () => {
      for (const id of ['one', 'two']) await one.of(ENDED_SESSIONS).add(session(id));
      expect(await idsOf('alices')).toEqual(['one', 'two']);
      await one.of(ENDED_SESSIONS).change('one', () => session('one', ''));
      await one.of(ENDED_SESSIONS).remove('two');
      expect([await idsOf('alices'), await idsOf(''), await idsOf('bobs')]).toEqual([[], ['one'], []]);
    });

    it('are counted, for as long as a record has them', async () => {
      expect(await one.of(ENDED_SESSIONS).lookupCounts()).toEqual(new Map());
      for (const id of ['one', 'two']) await one.of(ENDED_SESSIONS).add(session(id));
      await one.of(ENDED_SESSIONS).add(session('three', 'bobs'));
      expect(await other.of(ENDED_SESSIONS).lookupCounts()).toEqual(
        new Map([
          ['alices', 2],
          ['bobs', 1],
        ]),
      );
      await one.of(ENDED_SESSIONS).remove('two');
      expect((await other.of(ENDED_SESSIONS).lookupCounts()).get('alices')).toBe(1);
    });

    it('may be several', async () => {
      const token = tokenOf('token', { formerIds: ['older', 'oldest'] });
      await one.of(TOKENS).add({ ...tokenRecord({ token }), lease: null });
      for (const id of [token.id, 'older', 'oldest'])
        expect(await other.of(TOKENS).findBy(id)).toHaveLength(1);
    });
  });

  it('gives a page at a time, by their keys', async () => {
    const idsAfter = async (key: string) => (await other.of(CONNECTIONS).page(key, 2)).map(({ id }) => id);
    for (const id of ['c3', 'c1', 'c4', 'c2']) await one.of(CONNECTIONS).add({ ...connection, id });
    expect(await idsAfter('')).toEqual(['c1', 'c2']);
    expect(await idsAfter('c2')).toEqual(['c3', 'c4']);
    expect(await idsAfter('c4')).toEqual([]);
  });

  it('puts and removes many, whatever was there, as often as it is told', async () => {
    const all = Array.from({ length: 20 }, (_, n) => ({ ...connection, id: `c${n}` }));
    await one.of(CONNECTIONS).writeAll([], []);
    await one.of(CONNECTIONS).writeAll(all.slice(0, 15), ['c99']);
    for (let times = 0; times < 2; times++) await other.of(CONNECTIONS).writeAll(all.slice(10), ['c0', 'c1']);
    await expectStored(CONNECTIONS, ...all.slice(2));
    expect(await one.of(CONNECTIONS).findBy('one')).toHaveLength(18);
  });

  describe('asked for changes', () => {
    it('gives all records, and nothing where there was no change since', async () => {
      const asking = one.of(BOTS);
      expect([await asking.changes(), await asking.changes()]).toEqual([[], null]);
      const after = async (change: Promise<unknown>) => {
        await change;
        const records = await asking.changes();
        expect(await asking.changes()).toBeNull();
        return records?.map(({ name }) => name) ?? null;
      };
      const bot = storedBot({ name: 'one' });
      expect(await after(other.of(BOTS).add(bot))).toEqual(['one']);
      expect(await after(one.of(BOTS).change(bot.id, () => ({ ...bot, name: 'two' })))).toEqual(['two']);
      expect(await after(other.of(BOTS).writeAll([{ ...bot, name: 'three' }], []))).toEqual(['three']);
      expect(await after(other.of(BOTS).remove(bot.id))).toEqual([]);
    });

    it('knows what it has loaded', async () => {
      const asking = one.of(BOTS);
      await other.of(BOTS).add(storedBot());
      expect(await asking.load()).toHaveLength(1);
      expect(await asking.changes()).toBeNull();
    });

    it('takes nothing from whoever loads all at the same time', async () => {
      const [bots, replicas] = [one.of(BOTS), one.of(REPLICAS)];
      await bots.add(storedBot());
      await replicas.add(held);
      for (const records of [bots, replicas] as const) {
        const asked = [records.load(), records.changes(), records.load(), records.changes(), records.load()];
        const all = (await Promise.all(asked)).filter((found) => found !== null);
        expect(all.length).toBeGreaterThanOrEqual(3);
        for (const found of all) expect(found).toHaveLength(1);
      }
    });

    it('sees those of many at the same time', async () => {
      const asking = one.of(APPS);
      await asking.changes();
      const apps = Array.from({ length: 20 }, (_, n) => storedApp({ corpId: `ww${n}` }));
      await Promise.all(apps.map((app, n) => (n % 2 === 0 ? one : other).of(APPS).add(app)));
      expect(await asking.changes()).toHaveLength(20);
    });
  });
}
