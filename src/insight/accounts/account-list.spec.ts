import { beforeEach, describe, expect, it } from '@jest/globals';
import { bury } from '../../../test/support/event-steps.js';
import { newBot } from '../../../test/support/bots.js';
import { clock, kfEvent, kfParcel } from '../../../test/support/delivery.js';
import { MemoryEventQueue } from '../../../test/support/memory-event-queue.js';
import { destinationOf, registeredPuppet } from '../../../test/support/puppets.js';
import {
  CORP,
  dispatch,
  leave,
  MINUTE_MS,
  registerAt,
  replicasOfEachTest,
  start,
} from '../../../test/support/redelivery.js';
import { QueueCounts } from '../../dispatch/later/queue-counts.js';
import { AppError } from '../../kernel/app-error.js';
import type { Requester } from '../../kernel/role.js';
import type { HintPage } from '../../queue/event-queue.js';
import type { Failure } from '../../queue/failure.js';
import { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import type { WecomAccounts } from '../../wecom/calls/wecom-accounts.js';
import type { AccountAnswer } from '../../api/accounts/account.dto.js';
import { toAccountAnswer } from '../../api/accounts/account-answer.js';
import { type AccountDetails, type AccountFilter, AccountList, type AccountOrder } from './account-list.js';
import { AccountServers } from './account-servers.js';
import { AccountViews } from './account-views.js';
import { MemoryDeliveryLog } from '../../../test/support/memory-journals.js';
import { AccountWaits } from './account-waits.js';
import { StoreCounts } from './store-counts.js';
import { NoCustomerCounts } from './customer-counts.js';
import { Names } from './names.js';
import { UnknownAccountCounts } from './unknown-accounts.js';

replicasOfEachTest();

const ANY: AccountFilter = { corpId: null, botId: null, servedBy: null, state: null, text: null };
const FAILURE: Failure = { atMs: 5, stage: 'connect', reason: 'no connection' };
const FROM = '127.0.0.1';

/** Does not answer while it is away. */
class RemovableQueue extends MemoryEventQueue {
  isAway = false;

  override async list(...asked: Parameters<MemoryEventQueue['list']>): Promise<HintPage> {
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
    return super.list(...asked);
  }
}

let events: RemovableQueue;
let list: AccountList;
let known: KnownAccounts;

beforeEach(async () => {
  events = new RemovableQueue();
  await start({ events });
  const { registry, past, botEndpoints, queue } = dispatch;
  const { accounts, bots, destinations, image, knownApps } = registry;
  const wecom = { list: async () => [], lookUp: async () => {} } as unknown as WecomAccounts;
  known = new KnownAccounts(image, bots, clock);
  const unknown = new UnknownAccountCounts(known, past, wecom, clock, clock);
  const counts = new QueueCounts(queue, clock, clock);
  const servers = new AccountServers(accounts, bots, destinations, botEndpoints);
  const stored = new StoreCounts(
    counts,
    { kind: 'embedded', check: async () => {}, room: () => 'enough' },
    clock,
    clock,
  );
  const waits = new AccountWaits(events, counts, stored, new NoCustomerCounts(), bots, clock);
  const config = { replyWithinMs: MINUTE_MS, peopleWaitAlarmMs: 5 * MINUTE_MS };
  const views = new AccountViews(servers, waits, past, known, unknown, config, clock, clock);
  const names = new Names(knownApps, bots, accounts, image, known);
  list = new AccountList(accounts, views, past, new MemoryDeliveryLog(), names, wecom, clock);
});

/** As operators are shown it. */
const toShown = (details: AccountDetails): AccountAnswer => toAccountAnswer(details, clock.nowMs());

async function page(
  filter: Partial<AccountFilter> = {},
  after: string | null = null,
  order: AccountOrder = 'name',
) {
  const { items, ...others } = await list.page({ ...ANY, ...filter }, after, 2, order, FROM);
  return { items: items.map(toShown), ...others };
}

const get = async (openKfId: string, corpId: string | null = null): Promise<AccountAnswer> =>
  toShown(await list.get(openKfId, corpId, FROM));

const idsIn = ({ items }: Awaited<ReturnType<typeof page>>): string[] =>
  items.map(({ openKfId }) => openKfId);

async function pages(filter: Partial<AccountFilter>, order: AccountOrder = 'name'): Promise<string[][]> {
  const all: string[][] = [];
  for (let cursor: string | null = null; ;) {
    const found = await page(filter, cursor, order);
    all.push(idsIn(found));
    if (found.next === null) return all;
    cursor = found.next;
  }
}

const ids = async (filter: Partial<AccountFilter>, order?: AccountOrder): Promise<string[]> =>
  (await pages(filter, order)).flat();

const endpointOf = (openKfId: string): string => `http://${openKfId.toLowerCase()}.bots.example:8080`;

const laterMs = (): number => clock.nowMs() + 99_999_999;

/** One of each kind, and one of another corp. */
async function registerAll(): Promise<void> {
  for (const openKfId of ['wkDead', 'wkOffline', 'wkOnline', 'wkWaiting'])
    await registerAt(endpointOf(openKfId), { openKfId, name: `客服 ${openKfId}` });
  await registerAt(endpointOf('wkOther'), { openKfId: 'wkOther', name: 'other', corpId: 'wwOther' });
  await dispatch.registry.presence.deregister({ openKfId: 'wkOffline', corpId: CORP });
  const atMs = clock.nowMs();
  const waiting = kfEvent({ openKfId: 'wkWaiting' });
  await leave({ event: waiting, arrivedAtMs: atMs - 20_000, dueAtMs: laterMs(), failure: FAILURE });
  const dead = kfEvent({ openKfId: 'wkDead' });
  const { generation } = await leave({ event: dead, dueAtMs: laterMs() });
  await bury(events, { ...dead, generation, lease: null }, FAILURE, atMs);
}

describe('the list of accounts', () => {
  it('is empty while nobody serves any', async () => {
    expect(await pages({})).toEqual([[]]);
  });

  it('goes through all of them by name, page by page', async () => {
    await registerAll();
    expect(await pages({})).toEqual([['wkDead', 'wkOffline'], ['wkOnline', 'wkWaiting'], ['wkOther']]);
  });

  it('has the worst first, and finds by state', async () => {
    await registerAll();
    expect(await ids({}, 'state')).toEqual(['wkDead', 'wkWaiting', 'wkOffline', 'wkOnline', 'wkOther']);
    expect(await ids({ state: 'failing' })).toEqual(['wkDead']);
    expect(await ids({ state: 'waiting' })).toEqual(['wkWaiting']);
    expect(await ids({ state: 'offline' })).toEqual(['wkOffline']);
    expect(await ids({ state: 'quiet', corpId: CORP })).toEqual(['wkOnline']);
    expect(await ids({ state: 'offline', corpId: 'wwNone' })).toEqual([]);
  });

  it.each([
    ['WKONL', ['wkOnline']],
    ['服 WKd', ['wkDead']],
    ['wwoth', ['wkOther']],
    ['WAITING.BOTS', ['wkWaiting']],
    ['.*', []],
  ])('finds %p in id, name, corp or address, whatever its case', async (text, expected) => {
    await registerAll();
    expect(await ids({ text })).toEqual(expected);
  });

  it('says how many match, and how many of these are in each state', async () => {
    await registerAll();
    expect(await page({ corpId: CORP, state: 'offline' })).toMatchObject({
      total: 1,
      counts: { failing: 1, waiting: 1, offline: 1, quiet: 1 },
    });
    expect((await page({ text: 'wko' })).total).toBe(3);
  });

  it('shows what a puppet registered and what waits for it, with the reason, and no secret', async () => {
    await registerAll();
    const { items } = await page({ text: 'wkWaiting' });
    expect(items).toMatchObject([
      {
        circuit: 'closed',
        hint: { state: 'waiting', lastFailure: { stage: 'connect' }, name: '客服 wkWaiting' },
        lastFailure: { reason: 'no connection' },
        registration: { endpoint: endpointOf('wkWaiting'), online: true, registeredFrom: '10.0.0.1' },
      },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/corp-secret|callbackToken1|jWmYm7qr/);
  });

  it('shows what a puppet registered even while a bot has the account', async () => {
    await registerAll();
    const given = newBot({ corpId: CORP, openKfIds: ['wkWaiting'] });
    await dispatch.registry.botsService.add(given, {} as Requester);
    expect((await page({ text: 'wkWaiting' })).items).toMatchObject([
      { servedBy: 'bot', registration: { endpoint: endpointOf('wkWaiting') }, hint: { state: 'waiting' } },
    ]);
  });

  it('goes on behind the last one, whatever came or went before it', async () => {
    for (const name of ['b', 'c', 'd', 'e'])
      await registerAt('http://puppet', { openKfId: `wk-${name}`, name });
    const first = await page();
    expect(idsIn(first)).toEqual(['wk-b', 'wk-c']);
    await registerAt('http://puppet', { openKfId: 'wk-a', name: 'a' });
    await dispatch.registry.accounts.forget('wk-c', { from: '10.0.0.1', requestId: 'r' });
    const second = await page({}, first.next);
    expect([idsIn(second), second.next]).toEqual([['wk-d', 'wk-e'], null]);
  });

  it('begins anew from a place of an older version', async () => {
    await registerAt('http://puppet', { openKfId: 'wk1' });
    for (const place of ['0', '50', '[7]', '{}', 'x']) expect(idsIn(await page({}, place))).toEqual(['wk1']);
  });

  it('is sorted by name as people count, and by how slow bots are', async () => {
    for (const [n, name] of ['客服 10', '客服 2', '安装', '客服 1', 'b'].entries())
      await registerAt('http://puppet', { openKfId: `wk${n}`, name });
    expect(await ids({})).toEqual(['wk2', 'wk3', 'wk1', 'wk0', 'wk4']);
    for (const [openKfId, durationMs] of [
      ['wk0', 3],
      ['wk4', 900],
    ] as const) {
      const to = destinationOf(registeredPuppet({ openKfId, corpId: CORP }));
      const taken = { taken: true, status: 200 } as const;
      dispatch.deliveries.ended(to, kfParcel({ openKfId }), 'inline', taken, durationMs);
    }
    expect((await ids({}, 'p95')).slice(0, 2)).toEqual(['wk4', 'wk0']);
  });

  it('is there without the store, which alone knows what waits', async () => {
    await registerAll();
    events.isAway = true;
    expect(await ids({ state: 'offline' })).toEqual(['wkOffline']);
    const { items } = await page({ text: 'wkWaiting' });
    expect(items).toMatchObject([{ waiting: null, hint: null, registration: { online: true } }]);
  });
});

describe('one account', () => {
  it('has its hint as it is now', async () => {
    await registerAll();
    expect((await get('wkOnline')).hint).toBeNull();
    await leave({ event: kfEvent({ openKfId: 'wkOnline' }), dueAtMs: laterMs() });
    expect((await get('wkOnline')).hint).toMatchObject({ state: 'waiting' });
  });

  it('is that of the corp that has registered it, if several have it and none is named', async () => {
    await registerAll();
    await leave({ event: kfEvent({ openKfId: 'wkOther' }), dueAtMs: laterMs() });
    expect(await get('wkOther')).toMatchObject({ corpId: 'wwOther', servedBy: 'puppet' });
    expect(await get('wkOther', CORP)).toMatchObject({
      ...{ corpId: CORP, servedBy: 'nobody', registration: null },
      hint: { state: 'waiting' },
    });
  });

  it('is not found where nobody knows it', async () => {
    await registerAll();
    for (const corpId of [null, 'wwOther'])
      await expect(get('wkNone', corpId)).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
  });
});
