import { beforeEach, expect, it } from '@jest/globals';
import { clock, pass, puppetServer } from '../../../test/support/delivery.js';
import {
  account,
  CORP,
  dispatch,
  keep,
  MINUTE_MS,
  refusing,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  send,
  start,
  taking,
} from '../../../test/support/redelivery.js';
import { Arrivals } from '../../dispatch/inline/arrivals.js';
import { OtherReplicas } from '../figures/other-replicas.js';
import { QueueCounts } from '../../dispatch/later/queue-counts.js';
import { Metrics } from '../../metrics/metrics.js';
import type { EndedCall } from '../../wecom/outcomes/call-outcomes.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import type { Corps } from '../../registry/accounts/corps.js';
import { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import type { WecomAccounts } from '../../wecom/calls/wecom-accounts.js';
import { AccountServers } from '../accounts/account-servers.js';
import { AccountViews } from '../accounts/account-views.js';
import { AccountWaits } from '../accounts/account-waits.js';
import { StoreCounts } from '../accounts/store-counts.js';
import { NoCustomerCounts } from '../accounts/customer-counts.js';
import { UnknownAccountCounts } from '../accounts/unknown-accounts.js';
import type { RefusedCallbacks } from '../../log/refused-callbacks.js';
import type { ProcessStatus } from './status.js';
import { CorpsWithoutCallbacks } from './corps-without-callbacks.js';
import { CurrentCauses } from './current-causes.js';
import { RecentRefusals } from './recent-refusals.js';
import { conclude } from './verdict.js';

replicasOfEachTest();

let wecom: WecomMetrics;
let views: AccountViews;
let causes: CurrentCauses;

beforeEach(async () => {
  await start();
  const { registry, past, circuits, queue, events, botEndpoints } = dispatch;
  const { accounts, bots, destinations, image } = registry;
  wecom = new WecomMetrics(new Metrics(), clock, undefined, clock, past);
  const counts = new QueueCounts(queue, clock, clock);
  const known = new KnownAccounts(image, bots, clock);
  const asked = { lookUp: async () => {} } as unknown as WecomAccounts;
  const unknown = new UnknownAccountCounts(known, past, asked, clock, clock);
  const config = { replyWithinMs: MINUTE_MS, peopleWaitAlarmMs: 5 * MINUTE_MS };
  const servers = new AccountServers(accounts, bots, destinations, botEndpoints);
  const stored = new StoreCounts(
    counts,
    { kind: 'embedded', check: async () => {}, room: () => 'enough' },
    clock,
    clock,
  );
  const waits = new AccountWaits(events, counts, stored, new NoCustomerCounts(), bots, clock);
  views = new AccountViews(servers, waits, past, known, unknown, config, clock, clock);
  const corps = { has: () => true } as unknown as Corps;
  const refused = { list: () => Promise.reject(new Error('no log')) } as unknown as RefusedCallbacks;
  const silent = new CorpsWithoutCallbacks(new Arrivals(clock), bots, corps, clock, new Metrics());
  const refusals = new RecentRefusals(refused, clock, clock);
  const replicas = new OtherReplicas();
  causes = new CurrentCauses(past, replicas, counts, circuits, bots, corps, silent, refusals, config);
});

async function judge() {
  const accounts = dispatch.registry.image.size;
  const status: ProcessStatus = {
    ...{
      atMs: clock.nowMs(),
      isReady: true,
      storage: { kind: 'embedded', isUp: true, room: 'enough', sinceMs: null },
    },
    ...{ accounts, online: accounts, openCircuits: 0, customers: null },
    unknownAccounts: { count: 0, examples: [] },
    hints: await dispatch.events.counts(),
    messages: { waiting: 0, dead: 0, oldestWaitingAtMs: null },
    lastMinute: {
      ...{
        callbacks: 0,
        delivered: 0,
        deliveredLater: 0,
        kept: 0,
        refused: 0,
        notTaken: 0,
        buried: 0,
        failedAttempts: 0,
      },
      ...{ tokenRequests: 0, proxyCalls: 0, unansweredCalls: 0 },
    },
  };
  const listed = (await views.list()).views;
  const found = await causes.of(status, listed);
  return conclude(found, listed, { hasBots: dispatch.registry.bots.size > 0, nowMs: status.atMs });
}

function reply(openKfId: string, changes: Partial<EndedCall> = {}): void {
  const ended = { corpId: CORP, botId: null, api: 'kf/send_msg', openKfId, errcode: 0, fault: null };
  wecom.noteOutcome({ operation: 'call', isAsked: true, ...ended, ...changes });
}

/** Registers so many, each of which takes an event. */
async function taken(count: number): Promise<void> {
  const { url } = await puppetServer(taking);
  for (let n = 1; n <= count; n++) {
    await registerAt(url, { openKfId: account(n) });
    await send({ id: `e${n}`, openKfId: account(n) });
  }
}

it('is empty without a bot, and quiet while no event comes', async () => {
  expect((await judge()).state).toBe('empty');
  await registerAt((await puppetServer(taking)).url);
  expect((await judge()).state).toBe('quiet');
});

it('is good only where replies of all accounts that had events were seen', async () => {
  await taken(2);
  expect(await judge()).toMatchObject({ state: 'unseen', replies: { unseen: 2 } });
  reply(account(1));
  expect(await judge()).toMatchObject({ state: 'partly', replies: { answering: 1, unseen: 1 } });
  reply(account(2));
  expect(await judge()).toMatchObject({ state: 'answered', replies: { answering: 2, unseen: 0 } });
});

it('is not good for a reply of more than an hour ago', async () => {
  await taken(1);
  reply(account(1));
  await clock.advance(61 * MINUTE_MS);
  expect((await judge()).state).toBe('quiet');
  await send({ id: 'later', openKfId: account(1) });
  expect(await judge()).toMatchObject({ state: 'unseen', replies: { answering: 0, silent: 1, unseen: 0 } });
});

it('names the account that took something and did not reply, while another one does', async () => {
  await taken(2);
  for (const n of [1, 2]) reply(account(n));
  await clock.advance(10 * MINUTE_MS);
  const sinceMs = clock.nowMs();
  for (const n of [1, 2]) await send({ id: `later${n}`, openKfId: account(n) });
  await clock.advance(59 * SECOND_MS);
  reply(account(2));
  expect(await judge()).toMatchObject({ state: 'answered', accounts: { working: 2, silent: 0 } });
  await clock.advance(SECOND_MS);
  const silent = { code: 'silent', severity: 'wait', count: 1, openKfId: account(1), sinceMs };
  expect(await judge()).toMatchObject({
    ...{ state: 'degraded', causes: [silent], accounts: { working: 1, silent: 1 } },
  });
  reply(account(1));
  expect(await judge()).toMatchObject({ state: 'answered', causes: [] });
});

it('is bad while replies fail, though every event is taken', async () => {
  await taken(1);
  reply(account(1));
  reply(account(1), { errcode: 95017 });
  expect(await judge()).toMatchObject({ state: 'failing', causes: [{ code: 'replies_fail' }] });
});

it('names the account that WeCom does not have, and none that a bot names by mistake', async () => {
  await taken(1);
  reply(account(1), { errcode: 95004 });
  reply('wkOfNobody', { errcode: 95000 });
  reply(account(1), { errcode: 95004, corpId: 'wwOther' });
  reply(account(1), { errcode: 95004 });
  expect(await judge()).toMatchObject({
    state: 'degraded',
    causes: [{ code: 'no_account', severity: 'wait', count: 1, why: '95004', openKfId: account(1) }],
  });
  reply(account(1));
  expect((await judge()).causes).toEqual([]);
});

it('names what waits after 10 s, by its address, and since the first event of the outage', async () => {
  const { url } = await puppetServer(refusing);
  await registerAt(url);
  const sinceMs = clock.nowMs();
  await keep();
  expect((await judge()).causes).toEqual([]);
  await pass(60 * SECOND_MS);
  await keep({ id: 'newer', createdAtS: 1 });
  const { state, causes } = await judge();
  expect(state).toBe('failing');
  expect(causes).toMatchObject([
    { code: 'waiting', count: 1, address: new URL(url).host, sinceMs, why: 'status' },
  ]);
});

it('shows 20 causes and counts the others', async () => {
  await taken(25);
  for (let n = 1; n <= 25; n++) reply(account(n), { errcode: 96_000 + n });
  expect(await judge()).toMatchObject({ moreCauses: 5, causes: { length: 20 } });
});
