/** What the port of the queue promises, whatever the store. What may happen to lines and entries is promised of those who use it. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { accountKey } from '../../src/kernel/account.js';
import { type Entry, ENTRY_STATES, type EntryFilter } from '../../src/storage/queue/entry.js';
import { type Line, LINE_STATES, lineKey } from '../../src/storage/queue/line.js';
import type { KeptLine, LineFilter, QueueStore } from '../../src/storage/queue/queue-store.js';

export interface OpenedQueue {
  readonly queue: QueueStore;
  close(): Promise<void>;
}

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const ENDPOINT = 'http://bot:8080/';
const NONE: ReadonlySet<string> = new Set();
const FAILURE = { atMs: NOW_MS, stage: 'status', reason: '没有', status: 502 };
const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const OTHER = { corpId: 'wwCorp_1', openKfId: 'wkAccount-2' };

export function toKept(n: number, fields: Partial<Line> = {}): KeptLine {
  const line: Line = {
    ...{ kind: 'event', corpId: 'wwCorp_1', openKfId: `wk${n}`, state: 'waiting', endpoint: ENDPOINT },
    ...{ dueAtMs: NOW_MS + n, lease: null, probedAtMs: 0, arrivedAtMs: NOW_MS, waitingSinceMs: NOW_MS - n },
    ...{ lastFailure: null, details: { a: 'text', b: [1, null, { c: true }] } },
    body: Buffer.from([0, 0xff, 0x80, 60]),
    ...fields,
  };
  return { line, revision: randomUUID() };
}

export function newEntry(n: number, fields: Partial<Entry> = {}): Entry {
  const account = { corpId: fields.corpId ?? ACCOUNT.corpId, openKfId: fields.openKfId ?? ACCOUNT.openKfId };
  return {
    ...{ key: `${accountKey(account)} ${n}`, ...account, state: 'waiting', seq: n, lane: 'customer-1' },
    ...{ page: { appId: 'app-1', cursor: 'from-1' }, dueAtMs: NOW_MS + n, storedAtMs: NOW_MS + n },
    ...{ attempts: 0, refusals: 0, step: 0, lastFailure: null, details: { msgid: `m${n}`, list: [1] } },
    content: `sealed ${n}`,
    ...fields,
  };
}

const keyOf = ({ line }: KeptLine): string => lineKey(line.kind, line);
const accountsOf = (lines: readonly Pick<Line, 'openKfId'>[]) => lines.map(({ openKfId }) => openKfId);
const waitingOf = (fields: Partial<EntryFilter> = {}): EntryFilter => ({
  ...{ ...ACCOUNT, states: ['waiting'] },
  ...fields,
});

export function queueStoreContract(open: () => Promise<OpenedQueue>): void {
  let opened: OpenedQueue;
  let queue: QueueStore;

  beforeEach(async () => {
    opened = await open();
    ({ queue } = opened);
  });

  afterEach(() => opened.close());

  const keep = async (...kept: KeptLine[]): Promise<void> => {
    for (const one of kept) expect(await queue.write(null, one)).toBe(true);
  };

  describe('a line', () => {
    it.each<[string, Partial<Line>]>([
      ['of an event', {}],
      ['of messages', { kind: 'messages', body: null }],
      ['that is leased', { lease: { id: 'l', untilMs: NOW_MS + 9 }, probedAtMs: NOW_MS }],
      ['that is parked', { state: 'parked', dueAtMs: null, endpoint: null }],
      ['that is dead', { state: 'dead', dueAtMs: null, lastFailure: FAILURE }],
    ])('%s is kept with every field', async (_what, fields) => {
      const added = toKept(1, fields);
      await keep(added);
      expect(await queue.find(keyOf(added))).toEqual(added);
      const after = toKept(1, { ...fields, arrivedAtMs: NOW_MS + 5, body: Buffer.from('other') });
      expect(await queue.write(added, after)).toBe(true);
      expect(await queue.find(keyOf(added))).toEqual(after);
      expect(await queue.write(after, null)).toBe(true);
      expect(await queue.find(keyOf(added))).toBeNull();
    });

    it('is changed and removed only as it was read', async () => {
      const [added, again] = [toKept(1), toKept(1, { dueAtMs: 1 })];
      await keep(added);
      expect(await queue.write(null, again)).toBe(false);
      expect(await queue.write(added, again)).toBe(true);
      expect(await queue.write(added, toKept(1))).toBe(false);
      expect(await queue.write(added, null)).toBe(false);
      expect(await queue.find(keyOf(added))).toEqual(again);
    });

    it('is written by one of many that write at once', async () => {
      const write = (before: KeptLine | null) =>
        Promise.all(Array.from({ length: 20 }, (_, n) => queue.write(before, toKept(1, { dueAtMs: n }))));
      expect((await write(null)).filter(Boolean)).toHaveLength(1);
      const before = await queue.find(keyOf(toKept(1)));
      expect((await write(before)).filter(Boolean)).toHaveLength(1);
    });

    it('is claimable once it is due and no lease runs, the earliest first', async () => {
      const lease = { id: 'l', untilMs: NOW_MS + 7 };
      await keep(toKept(3), toKept(1), toKept(2, { lease }), toKept(4, { state: 'dead', dueAtMs: null }));
      await keep(toKept(5, { kind: 'messages', body: null }), toKept(6, { endpoint: 'http://away/' }));
      const at = async (nowMs: number, limit = 9, except = new Set(['http://away/'])) =>
        (await queue.listClaimable('event', nowMs, limit, except)).map(({ line }) => line.openKfId);
      expect(await at(NOW_MS)).toEqual([]);
      expect(await at(NOW_MS + 6)).toEqual(['wk1', 'wk3']);
      expect(await at(NOW_MS + 7)).toEqual(['wk1', 'wk3', 'wk2']);
      expect(await at(NOW_MS + 7, 1)).toEqual(['wk1']);
      expect(await at(NOW_MS + 7, 9, new Set())).toEqual(['wk1', 'wk3', 'wk6', 'wk2']);
      const nextAtMs = await queue.nextClaimableAtMs('event', new Set([ENDPOINT]));
      expect(nextAtMs).toBe(queue.isShared ? null : NOW_MS + 6);
    });

    it('probes in turn: the one that probed longest ago, of those that no lease holds', async () => {
      const lease = { id: 'l', untilMs: NOW_MS + 1 };
      await keep(toKept(1, { probedAtMs: 5 }), toKept(2, { arrivedAtMs: 2 }), toKept(3, { arrivedAtMs: 1 }));
      await keep(
        toKept(4, { arrivedAtMs: 0, lease }),
        toKept(5, { arrivedAtMs: 0, endpoint: 'http://away/' }),
      );
      const toProbe = async (keys?: ReadonlySet<string>, nowMs = NOW_MS) =>
        (await queue.findToProbe('event', ENDPOINT, nowMs, keys))?.line.openKfId;
      expect(await toProbe()).toBe('wk3');
      expect(await toProbe(undefined, NOW_MS + 1)).toBe('wk4');
      expect(await toProbe(new Set([keyOf(toKept(1)), keyOf(toKept(2))]))).toBe('wk2');
      expect(await queue.findToProbe('event', 'http://none/', NOW_MS)).toBeNull();
    });

    it('becomes due with all waiting ones of its endpoint, and a lease stays', async () => {
      const lease = { id: 'l', untilMs: NOW_MS + 7 };
      const [plain, leased, parked] = [
        toKept(1),
        toKept(2, { lease }),
        toKept(3, { state: 'parked', dueAtMs: null }),
      ];
      await keep(plain, leased, parked, toKept(4, { endpoint: 'http://else/' }), toKept(5, { dueAtMs: 3 }));
      await queue.makeDue('event', ENDPOINT, 5);
      const dueAtMs = async (n: number) => (await queue.find(keyOf(toKept(n))))?.line.dueAtMs;
      expect(await Promise.all([1, 2, 3, 4, 5].map(dueAtMs))).toEqual([5, 5, null, NOW_MS + 4, 3]);
      expect((await queue.find(keyOf(leased)))?.line.lease).toEqual(lease);
      expect(await queue.write(plain, null)).toBe(false);
    });

    it('of messages becomes due with the entries of its account', async () => {
      await keep(toKept(1, { ...ACCOUNT, kind: 'messages', body: null }));
      await queue.addEntries([newEntry(1), newEntry(2, { ...OTHER })], []);
      await queue.makeDue('messages', ENDPOINT, 5);
      const entries = await queue.listEntries({ states: ['waiting'] }, { by: 'place', limit: 9 });
      expect(entries.map(({ dueAtMs }) => dueAtMs)).toEqual([5, NOW_MS + 2]);
    });

    it('is listed in pages, by account or by how long it waits, without its body', async () => {
      await keep(toKept(1), toKept(2), toKept(3, { corpId: 'wwCorp_2' }), toKept(4));
      await keep(
        toKept(5, { state: 'parked', dueAtMs: null, lastFailure: FAILURE, arrivedAtMs: NOW_MS + 1 }),
      );
      const all: LineFilter = { states: LINE_STATES, corpId: null };
      const list = async (order: 'account' | 'waitingSince', after: Line | null, filter = all, limit = 2) => {
        const place = after && { key: lineKey('event', after), waitingSinceMs: after.waitingSinceMs };
        return queue.list('event', filter, place, limit, order);
      };
      for (const [order, wanted] of [
        ['account', ['wk1', 'wk2', 'wk4', 'wk5', 'wk3']],
        ['waitingSince', ['wk5', 'wk4', 'wk3', 'wk2', 'wk1']],
      ] as const) {
        const listed: Line[] = [];
        for (let page = await list(order, null); page.length > 0;) {
          listed.push(...page);
          page = await list(order, page.at(-1) ?? null);
        }
        expect(accountsOf(listed)).toEqual(wanted);
        expect(listed.every(({ body }) => body === null)).toBe(true);
      }
      const among = async (fields: Partial<LineFilter>) =>
        accountsOf(await list('account', null, { ...all, ...fields }, 9));
      expect(await among({ states: ['waiting'], corpId: 'wwCorp_1' })).toEqual(['wk1', 'wk2', 'wk4']);
      expect(await among({ stage: 'status' })).toEqual(['wk5']);
      expect(await among({ openKfId: 'wk3' })).toEqual(['wk3']);
      expect(await among({ keys: [keyOf(toKept(4)), keyOf(toKept(1)), 'event wwCorp_1/wk9'] })).toEqual([
        'wk1',
        'wk4',
      ]);
      expect(await among({ arrivedFromMs: NOW_MS + 1 })).toEqual(['wk5']);
      expect(await among({ arrivedBeforeMs: NOW_MS })).toEqual([]);
      expect(await among({ states: [] })).toEqual([]);
    });

    it('is counted by its state, parked ones by the stage of their failure', async () => {
      expect(await queue.count('event')).toEqual([]);
      const parked = { state: 'parked', dueAtMs: null } as const;
      await keep(toKept(1), toKept(2), toKept(3, { state: 'dead', dueAtMs: null }), toKept(4, parked));
      await keep(toKept(5, { ...parked, lastFailure: FAILURE }), toKept(6, { kind: 'messages', body: null }));
      const counts = await queue.count('event');
      const inOrder = counts.toSorted((a, b) => a.sinceMs - b.sinceMs);
      expect(inOrder).toEqual([
        { state: 'parked', stage: 'status', lines: 1, sinceMs: NOW_MS - 5 },
        { state: 'parked', stage: null, lines: 1, sinceMs: NOW_MS - 4 },
        { state: 'dead', stage: null, lines: 1, sinceMs: NOW_MS - 3 },
        { state: 'waiting', stage: null, lines: 2, sinceMs: NOW_MS - 2 },
      ]);
    });

    it('is grouped with those that have the same trouble, and its endpoint is listed while it waits', async () => {
      const away = { endpoint: null, state: 'parked', dueAtMs: null } as const;
      const later = { ...FAILURE, atMs: NOW_MS + 1, status: 404 };
      await keep(toKept(1, { lastFailure: later }), toKept(2, { lastFailure: FAILURE }), toKept(3, away));
      await keep(toKept(4, { ...away, corpId: 'wwCorp_2' }), toKept(-1));
      expect(await queue.listEndpoints('event')).toEqual([ENDPOINT]);
      expect(await queue.countWithoutEndpoint('event', 'wwCorp_1')).toBe(1);
      const groups = await queue.group('event', NOW_MS, Infinity);
      const inOrder = groups.toSorted((a, b) => a.sinceMs - b.sinceMs);
      const [first, second, third] = inOrder;
      expect(inOrder).toHaveLength(3);
      expect(first).toMatchObject({ state: 'parked', corpId: 'wwCorp_2', endpoint: null, stage: null });
      expect(second).toMatchObject({ corpId: 'wwCorp_1', endpoint: null, accounts: 1, answered: null });
      expect(third).toEqual({
        ...{ state: 'waiting', corpId: 'wwCorp_1', endpoint: ENDPOINT, stage: 'status', accounts: 2 },
        ...{ answered: { status: 404, atMs: NOW_MS + 1 }, openKfId: 'wk1', sinceMs: NOW_MS - 2 },
      });
    });

    it('is grouped also if it waits since a time ahead, which was before the clock was set back', async () => {
      await keep(toKept(1));
      const { waitingSinceMs } = toKept(1).line;
      const accounts = async (beforeMs: number, afterMs: number) =>
        (await queue.group('event', beforeMs, afterMs)).length;
      expect(await accounts(waitingSinceMs - 9, waitingSinceMs + 1)).toBe(0);
      expect(await accounts(waitingSinceMs - 9, waitingSinceMs)).toBe(1);
      expect(await accounts(waitingSinceMs, waitingSinceMs + 9)).toBe(1);
    });

    it('that its user cannot read is set aside as it was read, blocks nothing, and gives way', async () => {
      const kept = toKept(1);
      await keep(kept);
      await queue.setAside({ ...kept, revision: 'another' });
      expect(await queue.find(keyOf(kept))).toEqual(kept);
      for (let n = 0; n < 2; n++) await queue.setAside(kept);
      expect(await queue.find(keyOf(kept))).toBeNull();
      expect(await queue.listClaimable('event', NOW_MS + 9, 9, NONE)).toEqual([]);
      expect(await queue.count('event')).toMatchObject([{ state: 'unreadable', lines: 1 }]);
      await keep(toKept(1));
    });
  });

  describe('an entry', () => {
    const list = async (filter: EntryFilter = waitingOf(), limit = 99) =>
      (await queue.listEntries(filter, { by: 'place', limit })).map(({ seq }) => seq);

    it('is kept with every field, and is read with or without its content', async () => {
      const dead = newEntry(2, { state: 'dead', dueAtMs: null, lastFailure: FAILURE });
      for (const entry of [newEntry(-1), newEntry(1), dead]) {
        expect(await queue.addEntries([entry], [])).toEqual(new Set([entry.key]));
        const filter = { states: ENTRY_STATES, keys: [entry.key] };
        const read = (withContent: boolean) =>
          queue.listEntries(filter, { by: 'place', limit: 9, withContent });
        expect(await read(true)).toEqual([entry]);
        expect(await read(false)).toEqual([{ ...entry, content: null }]);
      }
    });

    it('is added once, however often it comes, and never over a known key', async () => {
      const [first, second, third] = [newEntry(1), newEntry(2), newEntry(3)];
      const known = { ...ACCOUNT, key: second.key, untilMs: NOW_MS };
      expect(await queue.addEntries([first], [known])).toEqual(new Set([first.key]));
      expect(await queue.addEntries([newEntry(1, { seq: 9 }), second, third], [])).toEqual(
        new Set([third.key]),
      );
      expect(await list()).toEqual([1, 3]);
      expect(await queue.addEntries([], [])).toEqual(new Set());
    });

    it('is listed account by account in its order, in pages, or the one first that was stored first', async () => {
      await queue.addEntries(
        [newEntry(2, { storedAtMs: 1 }), newEntry(1), newEntry(-3), newEntry(4, OTHER)],
        [],
      );
      expect(await list()).toEqual([-3, 1, 2]);
      expect(await list(waitingOf({ seqFrom: 0 }), 1)).toEqual([1]);
      const all = { states: ENTRY_STATES, corpId: ACCOUNT.corpId, openKfId: null };
      const after = { account: accountKey(ACCOUNT), seq: 1 };
      const page = await queue.listEntries(all, { by: 'place', limit: 9, after });
      expect(page.map(({ seq }) => seq)).toEqual([2, 4]);
      const old = await queue.listEntries(
        { states: ['waiting'], storedUntilMs: NOW_MS + 1 },
        { by: 'storedAtMs', limit: 9 },
      );
      expect(old.map(({ seq }) => seq)).toEqual([2, -3, 1]);
    });

    it('is listed as the first of its lane, if that is due and the lane is wanted', async () => {
      const of = (seq: number, lane: string, dueAtMs: number) => newEntry(seq, { lane, dueAtMs });
      await queue.addEntries([of(1, 'a', 9), of(2, 'b', 5), of(3, 'a', 1), of(4, 'c', 7)], []);
      const first = async (page: Partial<Parameters<QueueStore['listFirstOfLanes']>[1]> = {}) =>
        (await queue.listFirstOfLanes(ACCOUNT, { by: 'seq', limit: 9, ...page })).map(({ seq }) => seq);
      expect(await first()).toEqual([1, 2, 4]);
      expect(await first({ limit: 1 })).toEqual([1]);
      expect(await first({ by: 'dueAtMs' })).toEqual([2, 4, 1]);
      expect(await first({ dueByMs: 7 })).toEqual([2, 4]);
      expect(await first({ dueByMs: 7, without: new Set(['b']) })).toEqual([4]);
      expect(await list(waitingOf({ lane: 'a' }))).toEqual([1, 3]);
      const [whole] = await queue.listFirstOfLanes(ACCOUNT, { by: 'seq', limit: 1, withContent: true });
      expect(whole).toEqual(of(1, 'a', 9));
    });

    it('is changed only in a state that was asked for', async () => {
      const entry = newEntry(1);
      await queue.addEntries([entry, newEntry(2)], []);
      const of = (...states: EntryFilter['states']) => ({ states, keys: [entry.key] });
      expect(await queue.changeEntries(of('dead'), { attempts: 9 })).toBe(0);
      const change = { state: 'dead', dueAtMs: null, attempts: 2, lastFailure: FAILURE } as const;
      expect(await queue.changeEntries(of('waiting'), change)).toBe(1);
      const [changed] = await queue.listEntries(of('dead'), { by: 'place', limit: 1, withContent: true });
      expect(changed).toEqual({ ...entry, ...change });
      expect(await queue.changeEntries(waitingOf({ dueAfterMs: NOW_MS + 2 }), { dueAtMs: 0 })).toBe(0);
      expect(await queue.changeEntries(waitingOf({ dueAfterMs: NOW_MS + 1 }), { dueAtMs: 0 })).toBe(1);
    });

    it('is replaced as a whole where it waits, and comes back where only its key is known', async () => {
      const entry = newEntry(1);
      const of = (...states: EntryFilter['states']) => ({ states, keys: [entry.key] });
      await queue.addEntries([entry], []);
      const { key: _key, ...other } = newEntry(1, { details: { merged: ['x'] }, content: 'other' });
      expect(await queue.changeEntries(of('waiting'), other)).toBe(1);
      expect(await queue.forgetEntries(of('waiting'), NOW_MS)).toBe(1);
      expect(await list()).toEqual([]);
      const { key: _again, ...whole } = entry;
      expect(await queue.changeEntries(of('known'), whole)).toBe(1);
      expect(await queue.changeEntries(of('known'), whole)).toBe(0);
      const page = { by: 'place', limit: 1, withContent: true } as const;
      expect(await queue.listEntries(waitingOf(), page)).toEqual([entry]);
      await queue.sweep(0, 0, NOW_MS);
      expect(await queue.listEntries(waitingOf(), page)).toEqual([entry]);
    });

    it('is forgotten but for its key, which is known for a time, or altogether', async () => {
      const page = { appId: 'app-1', cursor: 'from-2' };
      await queue.addEntries([newEntry(1), newEntry(2, { page }), newEntry(3), newEntry(4, OTHER)], []);
      expect(await queue.forgetEntries(waitingOf({ pageCursor: 'from-1' }), NOW_MS)).toBe(2);
      expect(await list()).toEqual([2]);
      expect(await queue.addEntries([newEntry(1)], [])).toEqual(new Set());
      expect(
        await queue.forgetEntries({ states: ['known'], keys: [newEntry(1).key, newEntry(2).key] }, null),
      ).toBe(1);
      expect(await queue.addEntries([newEntry(1), newEntry(2), newEntry(3)], [])).toEqual(
        new Set([newEntry(1).key]),
      );
      expect(await queue.forgetEntries(waitingOf(), null)).toBe(2);
      expect(await queue.addEntries([newEntry(1), newEntry(3)], [])).toEqual(new Set([newEntry(1).key]));
    });

    it('is counted, of one account, of all, and of each', async () => {
      expect(await queue.countEntries(null)).toEqual({ waiting: 0, dead: 0, oldestWaitingAtMs: null });
      const dead = newEntry(1, { state: 'dead', dueAtMs: null });
      await queue.addEntries(
        [dead, newEntry(2), newEntry(-3, { storedAtMs: NOW_MS + 9 }), newEntry(4, OTHER)],
        [],
      );
      const of = { waiting: 2, dead: 1, oldestWaitingAtMs: NOW_MS + 2 };
      const ofOther = { waiting: 1, dead: 0, oldestWaitingAtMs: NOW_MS + 4 };
      expect(await queue.countEntries(ACCOUNT)).toEqual(of);
      expect(await queue.countEntries(null)).toEqual({ ...of, waiting: 3 });
      const each = await queue.countEntriesByAccount();
      expect(each.toSorted((a, b) => b.waiting - a.waiting)).toEqual([
        { ...ACCOUNT, ...of },
        { ...OTHER, ...ofOther },
      ]);
    });

    it('that died long ago is swept, and so is a key whose time is over', async () => {
      const dead = (n: number, atMs: number) =>
        newEntry(n, { state: 'dead', dueAtMs: null, lastFailure: { ...FAILURE, atMs } });
      const known = (n: number, untilMs: number) => ({ ...ACCOUNT, key: newEntry(n).key, untilMs });
      await queue.addEntries([dead(1, 5), dead(2, 6), newEntry(3)], [known(4, 8), known(5, 9)]);
      await queue.sweep(5, 100, 8);
      expect(await list(waitingOf({ states: ENTRY_STATES }))).toEqual([2, 3]);
      const added = await queue.addEntries([newEntry(1), newEntry(4), newEntry(5)], []);
      expect(added).toEqual(new Set([newEntry(4).key]));
    });

    it('that its user cannot read is set aside, and neither counted nor listed', async () => {
      await queue.addEntries([newEntry(1), newEntry(2)], []);
      for (let n = 0; n < 2; n++) await queue.setAside(newEntry(1));
      expect(await list(waitingOf({ states: ENTRY_STATES }))).toEqual([2]);
      expect(await queue.countEntries(ACCOUNT)).toMatchObject({ waiting: 1, dead: 0 });
    });
  });
}
