import { bury } from '../../../test/support/event-steps.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { storedBot } from '../../../test/support/bots.js';
import { clock, kfEvent, kfParcel } from '../../../test/support/delivery.js';
import {
  account,
  CORP,
  dispatch,
  leave,
  registerAt,
  replicasOfEachTest,
  start,
  table,
} from '../../../test/support/redelivery.js';
import { MemoryPuppetRepository } from '../../../test/support/memory-puppet.repository.js';
import { destinationOf, registeredPuppet } from '../../../test/support/puppets.js';
import { seeingReplica } from '../../../test/support/seen.js';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import { MemoryEventQueue } from '../../../test/support/memory-event-queue.js';
import type { HintPage } from '../../queue/event-queue.js';
import { AppError } from '../../kernel/app-error.js';
import type { AskedBy } from '../../kernel/role.js';
import { AccountAnswers } from './account-answers.js';
import { type AccountFilter, AccountList, type AccountOrder } from './account-list.js';
import type { Failure } from '../../queue/failure.js';
import { accountKey } from '../../kernel/account.js';

replicasOfEachTest();

const ANY: AccountFilter = { corpId: null, state: null, text: null };
const FAILURE: Failure = { atMs: 5, stage: 'connect', reason: 'no connection' };

/** Tells how it was asked, or does not answer. */
class AskedQueue extends MemoryEventQueue {
  readonly asked: number[] = [];
  isAway = false;
  /** The turn of the event loop in which each list was asked for. */
  readonly listedInTurn: number[] = [];
  #turn = 0;

  override async list(...asked: Parameters<MemoryEventQueue['list']>): Promise<HintPage> {
    const [{ keys }] = asked;
    if (keys !== undefined) this.asked.push(keys.length);
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
    if (keys !== undefined) return super.list(...asked);
    this.listedInTurn.push(this.#turn);
    setImmediate(() => this.#turn++);
    return super.list(...asked);
  }
}

let events: AskedQueue;
let list: AccountList;

async function open(): Promise<void> {
  events = new AskedQueue();
  await start({ events }, { ACCOUNTS_PER_CORP_MAX: '100000' });
  const { registry, deliveries, botEndpoints } = dispatch;
  const { accounts, destinations } = registry;
  const { figures } = seeingReplica('alone', new Map(), clock, { deliveries });
  const answers = new AccountAnswers(figures, destinations, botEndpoints, clock);
  list = new AccountList(accounts, events, answers, figures);
}

beforeEach(open);

/** From a store that has `wk0`, `wk1` and so on, and `wkz`: to register so many takes seconds. */
async function openWith(count: number): Promise<void> {
  const store = new MemoryPuppetRepository(table);
  for (const n of [...Array(count).keys(), 'z'])
    await store.restore(registeredPuppet({ openKfId: `wk${n}`, endpoint: 'http://puppet' }), () => true);
  await open();
}

async function pages(filter: Partial<AccountFilter>, limit = 2): Promise<string[][]> {
  const all: string[][] = [];
  for (let cursor: string | null = null; ;) {
    const page = await list.page({ ...ANY, ...filter }, cursor, limit);
    all.push(page.items.map(({ openKfId }) => openKfId));
    if (page.nextCursor === null) return all;
    cursor = page.nextCursor;
  }
}

const ids = async (filter: Partial<AccountFilter>): Promise<string[]> => (await pages(filter)).flat();

const endpointOf = (openKfId: string): string => `http://${openKfId.toLowerCase()}.bots.example:8080`;

/** One in each state, and one of another corp. */
async function registerAll(): Promise<void> {
  for (const openKfId of ['wkDead', 'wkOffline', 'wkOnline', 'wkParked', 'wkWaiting'])
    await registerAt(endpointOf(openKfId), { openKfId, name: `客服 ${openKfId}` });
  await registerAt(endpointOf('wkOther'), { openKfId: 'wkOther', corpId: 'wwOther' });
  await dispatch.registry.presence.deregister({ openKfId: 'wkOffline', corpId: CORP });
  const laterMs = clock.nowMs() + 99_999_999;
  await leave({ event: kfEvent({ openKfId: 'wkWaiting' }), dueAtMs: laterMs, failure: FAILURE });
  await leave({ event: kfEvent({ openKfId: 'wkParked' }), dueAtMs: null });
  const dead = kfEvent({ openKfId: 'wkDead' });
  const { generation } = await leave({ event: dead, dueAtMs: laterMs });
  await bury(events, { key: accountKey(dead), generation, leaseId: null }, FAILURE, clock.nowMs());
  // For accounts that nobody has registered, or of another corp: of no account that is listed.
  await leave({ event: kfEvent({ openKfId: 'wkNobody' }), dueAtMs: laterMs });
  await leave({ event: kfEvent({ openKfId: 'wkOther' }), dueAtMs: laterMs });
}

describe('the list of accounts', () => {
  it('is empty where nothing is registered', async () => {
    expect(await pages({})).toEqual([[]]);
  });

  it('goes through all of them by corp and account, page by page', async () => {
    await registerAll();
    expect(await pages({})).toEqual([
      ['wkDead', 'wkOffline'],
      ['wkOnline', 'wkParked'],
      ['wkWaiting', 'wkOther'],
    ]);
    expect(await pages({}, 3)).toHaveLength(2);
    expect(await pages({}, 200)).toHaveLength(1);
  });

  it.each([
    ['dead', ['wkDead']],
    ['waiting', ['wkParked', 'wkWaiting']],
    ['offline', ['wkOffline']],
    ['online', ['wkOnline', 'wkOther']],
  ] as const)('finds those that are %s', async (state, expected) => {
    await registerAll();
    expect(await ids({ state })).toEqual(expected);
    const inCorp = expected.filter((id) => id !== 'wkOther');
    expect(await ids({ state, corpId: CORP })).toEqual(inCorp);
    expect(await ids({ state, corpId: 'wwNone' })).toEqual([]);
  });

  it.each([
    ['WKONL', ['wkOnline']],
    ['服 WKd', ['wkDead']],
    ['wwoth', ['wkOther']],
    ['WAITING.BOTS', ['wkWaiting']],
    ['.bots.example', ['wkDead', 'wkOffline', 'wkOnline', 'wkParked', 'wkWaiting', 'wkOther']],
    ['.*', []],
  ])('finds %p in id, name, corp or endpoint, whatever its case', async (text, expected) => {
    await registerAll();
    expect(await ids({ text })).toEqual(expected);
  });

  it('finds one that waits though a bot has it by now', async () => {
    await registerAll();
    const { id: _id, keys: _keys, createdAtMs: _at, revision: _revision, ...bot } = storedBot();
    const given = { ...bot, corpId: CORP, openKfIds: ['wkWaiting'] };
    await dispatch.registry.botsService.add(given, {} as AskedBy);
    expect((await list.page({ ...ANY, text: 'wkWaiting' }, null, 9)).items).toMatchObject([
      { state: 'waiting' },
    ]);
    expect(await ids({ state: 'waiting' })).toEqual(['wkParked', 'wkWaiting']);
  });

  it('finds by all that is asked for together', async () => {
    await registerAll();
    expect(await ids({ text: 'bots', state: 'waiting', corpId: CORP })).toEqual(['wkParked', 'wkWaiting']);
    expect(await ids({ text: 'wkParked', state: 'waiting' })).toEqual(['wkParked']);
    expect(await ids({ text: 'wkParked', state: 'online' })).toEqual([]);
  });

  it('shows what waits, with the reason, and no secret', async () => {
    await registerAll();
    const { items } = await list.page({ ...ANY, text: 'wkWaiting' }, null, 9);
    expect(items).toMatchObject([
      {
        state: 'waiting',
        circuit: 'closed',
        hint: { state: 'waiting', failure: { stage: 'connect' }, name: '客服 wkWaiting' },
        lastFailure: { reason: 'no connection' },
        registeredFrom: '10.0.0.1',
      },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/corp-secret|callbackToken1|jWmYm7qr/);
  });

  it('asks the store once for a page, and of a state that memory decides once for a slice', async () => {
    for (let n = 0; n < 300; n++) await registerAt('http://puppet', { openKfId: account(n) });
    await list.page(ANY, null, 50);
    await list.page({ ...ANY, text: 'wk' }, null, 50);
    await list.page({ ...ANY, state: 'offline' }, null, 50);
    await list.page({ ...ANY, state: 'online' }, null, 50);
    expect(events.asked).toEqual([50, 50, 300]);
  });

  it('finds the only one in a state that memory knows among many, at once', async () => {
    await openWith(10_500);
    await dispatch.registry.presence.deregister({ openKfId: 'wkz', corpId: CORP });
    expect(await pages({ state: 'offline' })).toEqual([['wkz']]);
    expect(events.asked).toEqual([1]);
    expect(await pages({ state: 'offline', text: 'wk1' })).toEqual([[]]);
  });

  it('gives a shorter page rather than look at everything, and goes on from there', async () => {
    await openWith(10_500);
    for (let n = 0; n < 10_500; n++)
      await leave({ event: kfEvent({ openKfId: `wk${n}` }), dueAtMs: clock.nowMs() + 99_999_999 });
    expect(await pages({ state: 'online' })).toEqual([[], ['wkz']]);
  });

  describe('sorted', () => {
    const sorted = async (order: AccountOrder, filter: Partial<AccountFilter> = {}): Promise<string[]> => {
      const all: string[] = [];
      for (let cursor: string | null = null; ;) {
        const page = await list.page({ ...ANY, ...filter }, cursor, 2, order);
        all.push(...page.items.map(({ openKfId }) => openKfId));
        if (page.nextCursor === null) return all;
        cursor = page.nextCursor;
      }
    };

    it('by name, over all pages', async () => {
      for (const [n, name] of ['客服 10', '客服 2', '安装', '客服 1', 'b'].entries())
        await registerAt('http://puppet', { openKfId: `wk${n}`, name });
      expect(await sorted('name')).toEqual(['wk2', 'wk3', 'wk1', 'wk0', 'wk4']);
      expect(await sorted('name', { text: '客服' })).toEqual(['wk3', 'wk1', 'wk0']);
    });

    it('by how long they wait, without those that do not', async () => {
      await registerAll();
      await registerAt(endpointOf('wkLong'), { openKfId: 'wkLong' });
      const arrivedAtMs = clock.nowMs() - 60_000;
      await leave({
        event: kfEvent({ openKfId: 'wkLong' }),
        arrivedAtMs,
        dueAtMs: clock.nowMs() + 99_999_999,
      });
      expect(await sorted('waitingSince')).toEqual(['wkLong', 'wkDead', 'wkParked', 'wkWaiting']);
      expect(await sorted('waitingSince', { state: 'waiting' })).toEqual(['wkLong', 'wkParked', 'wkWaiting']);
      expect(await sorted('waitingSince', { state: 'online' })).toEqual([]);
      expect(await sorted('waitingSince', { text: 'parked' })).toEqual(['wkParked']);
    });

    it('goes on behind the last one, whatever came or went before it', async () => {
      for (const name of ['b', 'c', 'd', 'e'])
        await registerAt('http://puppet', { openKfId: `wk-${name}`, name });
      const first = await list.page(ANY, null, 2, 'name');
      expect(first.items.map(({ name }) => name)).toEqual(['b', 'c']);
      await registerAt('http://puppet', { openKfId: 'wk-a', name: 'a' });
      await dispatch.registry.accounts.forget('wk-c', { from: '10.0.0.1', requestId: 'r' });
      const second = await list.page(ANY, first.nextCursor, 2, 'name');
      expect(second.items.map(({ name }) => name)).toEqual(['d', 'e']);
      expect(second.nextCursor).toBeNull();
    });

    it('begins anew from a place of an older version', async () => {
      await registerAt('http://puppet', { openKfId: 'wk1' });
      for (const place of ['0', '50', '[7]', '{}', 'x'])
        expect((await list.page(ANY, place, 2, 'name')).items).toHaveLength(1);
    });

    it('looks at many in turns of their own, and asks the store for so many at most', async () => {
      await openWith(10_500);
      const dueAtMs = clock.nowMs() + 99_999_999;
      for (let n = 0; n < 10_500; n++) await leave({ event: kfEvent({ openKfId: `wk${n}` }), dueAtMs });
      const calm = await list.page({ ...ANY, state: 'online' }, null, 2, 'name');
      expect(calm.items).toEqual([]);
      expect(events.asked).toEqual(Array.from({ length: 10 }, () => 1_000));
      expect((await list.page({ ...ANY, state: 'online' }, calm.nextCursor, 2, 'name')).items).toMatchObject([
        { openKfId: 'wkz' },
      ]);
      events.listedInTurn.length = 0;
      await list.page({ ...ANY, text: 'nowhere' }, null, 2, 'waitingSince');
      expect(events.listedInTurn).toHaveLength(10);
      expect(new Set(events.listedInTurn).size).toBe(10);
    });

    it('by how slow their bots are, and how often they fail, those without attempts last', async () => {
      await registerAll();
      const note = (openKfId: string, result: AttemptResult, durationMs: number) => {
        const puppet = registeredPuppet({ openKfId, corpId: CORP });
        dispatch.deliveries.ended(
          destinationOf(puppet),
          kfParcel({ openKfId }),
          'inline',
          result,
          durationMs,
        );
      };
      const failed: AttemptResult = { taken: false, stage: 'timeout', reason: 'no answer' };
      note('wkOnline', { taken: true, status: 200 }, 900);
      note('wkParked', { taken: true, status: 200 }, 3);
      note('wkParked', failed, 5_000);
      note('wkWaiting', failed, 5_000);
      expect((await sorted('p95')).slice(0, 2)).toEqual(['wkOnline', 'wkParked']);
      expect((await sorted('success')).slice(0, 3)).toEqual(['wkWaiting', 'wkParked', 'wkOnline']);
    });
  });

  it('says how many match, where memory knows', async () => {
    await registerAll();
    const totalOf = async (filter: Partial<AccountFilter>) =>
      (await list.page({ ...ANY, ...filter }, null, 2)).total;
    expect(await totalOf({})).toBe(6);
    expect(await totalOf({ corpId: CORP })).toBe(5);
    expect(await totalOf({ text: 'wko' })).toBe(3);
    expect(await totalOf({ state: 'dead' })).toBeNull();
  });

  it('is there without the store, but for what only the store knows', async () => {
    await registerAll();
    events.isAway = true;
    const { items } = await list.page(ANY, null, 9);
    expect(items).toHaveLength(6);
    expect(items.map(({ hint }) => hint)).toEqual(items.map(() => null));
    expect(await ids({ state: 'offline' })).toEqual(['wkOffline']);
    for (const state of ['dead', 'waiting'] as const)
      await expect(list.page({ ...ANY, state }, null, 9)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
  });
});
