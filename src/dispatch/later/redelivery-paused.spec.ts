import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { bodyOf, newBot, secretsText } from '../../../test/support/bots.js';
import { clock, kfEvent, pass, puppetServer } from '../../../test/support/delivery.js';
import type { Dispatch } from '../../../test/support/dispatch.js';
import { MemoryRecords, RecordData } from '../../../test/support/memory-records.js';
import {
  account,
  dispatch,
  hintOf,
  keep,
  leave,
  MINUTE_MS,
  open,
  refusing,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  SharedEventQueue,
  send,
  start,
  taking,
} from '../../../test/support/redelivery.js';
import type { Requester } from '../../kernel/role.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { ResyncBudget } from './resync-budget.js';
import { TestBudget } from './test-budget.js';
import { TestDelivery } from './test-delivery.js';
import { TestElsewhere } from './test-elsewhere.js';

replicasOfEachTest();

const OPERATOR = {} as Requester;
const ROUND_MS = 20 * SECOND_MS;
const openKfId = account(1);

async function addBot(
  openKfIds: string[],
  url: string,
  fields: Parameters<typeof newBot>[0] = {},
): Promise<KnownBot> {
  const given = newBot({ openKfIds, secrets: secretsText({ url }), ...fields });
  return (await dispatch.registry.botsService.add(given, OPERATOR)).bot;
}

const setPaused = (paused: boolean, { id }: KnownBot, { registry }: Dispatch = dispatch) =>
  registry.botsService.change(id, (bot) => bodyOf(bot, { paused }), OPERATOR);

const PAUSED = { state: 'parked', lastFailure: { stage: 'paused' } };

describe.each([
  ['that lists the account', [openKfId]],
  ['of all other accounts', ['*']],
])('a paused bot %s', (_which, openKfIds) => {
  it('is sent nothing: what comes is kept at once, and goes out as soon as the pause is over', async () => {
    await start();
    const server = await puppetServer(taking);
    const bot = await addBot(openKfIds, server.url, { paused: true });
    const startedMs = clock.elapsedMs();
    expect(await send({ openKfId })).toMatchObject({ delivery: 'pending', stage: 'paused', attempts: 0 });
    expect(clock.elapsedMs()).toBe(startedMs);
    await pass(5 * MINUTE_MS);
    expect([server.received.length, await hintOf(openKfId)]).toMatchObject([0, PAUSED]);
    await setPaused(false, bot);
    await pass(SECOND_MS);
    expect([server.received.length, await hintOf(openKfId)]).toEqual([1, null]);
  });

  it('is sent no retry and no probe of what waited before the pause', async () => {
    await start();
    const server = await puppetServer(refusing);
    const bot = await addBot(openKfIds, server.url);
    for (let n = 1; n <= 6; n++) await keep({ openKfId, id: `event-${n}` });
    await pass(SECOND_MS);
    await setPaused(true, bot);
    const before = server.received.length;
    await pass(5 * MINUTE_MS);
    expect([server.received.length - before, await hintOf(openKfId)]).toMatchObject([0, PAUSED]);
  });

  it('is sent at once what another replica has, which learns of the end of the pause by the store', async () => {
    const [data, events] = [new RecordData(), new SharedEventQueue()];
    await start({ events, records: new MemoryRecords(data) });
    const server = await puppetServer(taking);
    const bot = await addBot(openKfIds, server.url, { paused: true });
    const other = await open({ events, records: new MemoryRecords(data) });
    await send({ openKfId }, other);
    await setPaused(false, bot);
    expect(await send({ openKfId, id: 'after' }, other)).toMatchObject({ delivery: 'delivered' });
    await pass(2 * SECOND_MS);
    expect(await hintOf(openKfId)).toBeNull();
  });
});

it('a bot that gets each event gets each that came during its pause', async () => {
  await start();
  const server = await puppetServer(taking);
  const bot = await addBot([openKfId], server.url, { paused: true });
  for (let n = 1; n <= 3; n++) await send({ openKfId, id: `event-${n}` });
  await setPaused(false, bot);
  await pass(SECOND_MS);
  const ids = server.received.map(({ headers }) => headers['webhook-id']);
  expect(ids).toEqual(['event-1', 'event-2', 'event-3']);
});

it('what an earlier process kept for it waits until the pause is over', async () => {
  await start();
  const server = await puppetServer(taking);
  const bot = await addBot([openKfId], server.url, { paused: true });
  await leave({ event: kfEvent({ openKfId }), endpoint: server.url });
  dispatch.waiting.kept.added.wakeUp();
  await pass(ROUND_MS);
  expect([server.received.length, await hintOf(openKfId)]).toMatchObject([0, PAUSED]);
  await setPaused(false, bot);
  await pass(SECOND_MS);
  expect(server.received).toHaveLength(1);
});

it('a pause of over 3 days gives nothing up', async () => {
  await start();
  const server = await puppetServer(taking);
  const bot = await addBot([openKfId], server.url, { paused: true });
  await send({ openKfId });
  for (let day = 0; day < 4; day++) await pass(24 * 60 * MINUTE_MS);
  expect(await hintOf(openKfId)).toMatchObject(PAUSED);
  await setPaused(false, bot);
  await pass(SECOND_MS);
  expect(server.received).toHaveLength(1);
});

it('a pause that ends while an event is being kept does not leave it behind', async () => {
  await start();
  const server = await puppetServer(taking);
  const bot = await addBot([openKfId], server.url, { paused: true });
  const put = dispatch.events.put.bind(dispatch.events);
  dispatch.events.put = async (...puts) => {
    await setPaused(false, bot);
    return put(...puts);
  };
  await keep({ openKfId });
  await pass(SECOND_MS);
  expect(server.received).toHaveLength(1);
});

it('a puppet that registered with the key of a paused bot gets what waits once the pause is over', async () => {
  await start();
  const server = await puppetServer(taking);
  const bot = await addBot([openKfId], '', { kind: 'puppet', callback: null, paused: true });
  await leave({ event: kfEvent({ openKfId }), dueAtMs: null });
  await registerAt(server.url, { openKfId, botId: bot.id });
  await pass(ROUND_MS);
  expect([server.received.length, await hintOf(openKfId)]).toMatchObject([0, PAUSED]);
  await setPaused(false, bot);
  await pass(SECOND_MS);
  expect(server.received).toHaveLength(1);
});

it('what waits of a bot that is deleted during its pause waits for whoever has the account then', async () => {
  await start();
  const server = await puppetServer(taking);
  const bot = await addBot(['*'], server.url, { paused: true });
  await send({ openKfId });
  await dispatch.registry.botsService.remove(bot.id, OPERATOR);
  await pass(2 * ROUND_MS);
  expect(await hintOf(openKfId)).toMatchObject({ state: 'parked', lastFailure: { stage: 'unregistered' } });
  await addBot([openKfId], server.url);
  await pass(SECOND_MS);
  expect(server.received).toHaveLength(1);
});

it('a test of its account says that it is paused, and sends nothing', async () => {
  await start();
  const server = await puppetServer(taking);
  await addBot([openKfId], server.url, { paused: true });
  const { registry, botEndpoints, counters } = dispatch;
  const log = pino({ level: 'silent' });
  const { accounts, destinations } = registry;
  const tests = new TestDelivery(
    accounts,
    destinations,
    botEndpoints,
    new TestBudget(new ResyncBudget(counters, clock, clock), clock),
    clock,
    new TestElsewhere(dispatch.waiting, clock, clock),
    log,
  );
  expect(await tests.send(openKfId, OPERATOR)).toMatchObject({ failure: { stage: 'paused' } });
  expect(server.received).toEqual([]);
});
