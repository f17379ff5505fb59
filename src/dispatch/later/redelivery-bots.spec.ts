import { describe, expect, it } from '@jest/globals';
import { newBot, secretsText } from '../../../test/support/bots.js';
import { clock, kfEvent, pass, puppetServer } from '../../../test/support/delivery.js';
import { MemoryRecords, RecordData } from '../../../test/support/memory-records.js';
import {
  account,
  DAY_MS,
  dispatch,
  hintOf,
  keep,
  leave,
  MINUTE_MS,
  refusing,
  replicasOfEachTest,
  SECOND_MS,
  SharedEventQueue,
  send,
  start,
  taking,
  open,
  waitingCount,
} from '../../../test/support/redelivery.js';
import { AppError } from '../../kernel/app-error.js';
import type { Requester } from '../../kernel/role.js';
import { Secret } from '../../kernel/secret.js';
import { toHintAnswer } from '../../api/answers/hint.dto.js';
import type { BotWithKey } from '../../registry/bots/bots.service.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { ResyncBudget } from './resync-budget.js';
import { TestBudget } from './test-budget.js';
import { TestDelivery } from './test-delivery.js';
import { TestElsewhere } from './test-elsewhere.js';
import { pino } from 'pino';

replicasOfEachTest();

const OPERATOR = {} as Requester;
const ROUND_MS = 20 * SECOND_MS;
const WAITING = 40;

const secretsOf = (url: string, headers: Record<string, string> = {}): Secret =>
  secretsText({ url, headers, corpSecret: '', signingSecret: '' });

type Fields = Parameters<typeof newBot>[0];

function addBot(openKfIds: string[], url: string, fields: Fields = {}): Promise<BotWithKey> {
  const given = newBot({ openKfIds, secrets: secretsOf(url), ...fields });
  return dispatch.registry.botsService.add(given, OPERATOR);
}

const moveBot = ({ id }: KnownBot, url: string, { registry } = dispatch): Promise<KnownBot> =>
  registry.botsService.change(
    id,
    ({ openKfIds }) => newBot({ openKfIds: [...openKfIds], secrets: secretsOf(url) }),
    OPERATOR,
  );
const removeBot = ({ id }: KnownBot): Promise<KnownBot> => dispatch.registry.botsService.remove(id, OPERATOR);

/** Its circuit is open afterwards. */
async function keepAll(): Promise<void> {
  for (let n = 0; n < WAITING; n++) await keep({ openKfId: account(n), id: `event-${n}` });
  await pass(SECOND_MS);
  expect(dispatch.circuits.open.size).toBe(1);
}

describe('bots that share a URL', () => {
  const CAN_TELL = [
    ['by a header', (name: string, url: string) => secretsOf(`${url}/cb`, { 'X-KB-ID': name })],
    ['by their query', (name: string, url: string) => secretsOf(`${url}/cb?kb=${name}`)],
  ] as const;

  it.each(CAN_TELL)(
    'told apart %s: one that fails holds back none of the other’s events',
    async (_, secretsFor) => {
      await start();
      const server = await puppetServer((request, response) =>
        request.headers['x-kb-id'] === 'dead' || request.url?.includes('kb=dead')
          ? refusing(request, response)
          : taking(request, response),
      );
      await addBot([account(1)], '', { secrets: secretsFor('dead', server.url) });
      await addBot([account(2)], '', { secrets: secretsFor('well', server.url) });
      await keep({ openKfId: account(1) });
      await pass(5 * MINUTE_MS);
      expect(dispatch.circuits.failing.size).toBe(1);
      expect(await send({ openKfId: account(2) })).toMatchObject({ delivery: 'delivered' });
      expect(await hintOf(account(1))).toMatchObject({ state: 'waiting' });
    },
  );

  it('are not told apart where an address is shown', async () => {
    await start();
    const server = await puppetServer(refusing);
    await addBot([account(1)], `${server.url}/cb?secret=1`);
    await keep({ openKfId: account(1) });
    const hint = await hintOf(account(1));
    if (hint === null) throw new Error('nothing waits');
    expect(toHintAnswer(hint, null, hint.arrivedAtMs).endpoint).toBe(`${server.url}/cb`);
    const destination = dispatch.registry.destinations.find(hint);
    expect(destination.address).toBe(`${server.url}/cb`);
    expect(destination.endpoint).toMatchObject({ origin: server.url, href: hint.endpoint });
  });

  it('an account that goes from one to the other is not held back with the first', async () => {
    await start();
    const server = await puppetServer((request, response) =>
      request.headers['x-kb-id'] === 'dead' ? refusing(request, response) : taking(request, response),
    );
    const dead = { secrets: secretsOf(`${server.url}/cb`, { 'X-KB-ID': 'dead' }) };
    const { bot } = await addBot(['*'], '', dead);
    await keepAll();
    await removeBot(bot);
    await addBot(['*'], '', { secrets: secretsOf(`${server.url}/cb`, { 'X-KB-ID': 'well' }) });
    await pass(ROUND_MS + SECOND_MS);
    expect(await waitingCount()).toBe(0);
  });
});

describe('what waits for a bot of all other accounts', () => {
  it('follows it to its new URL', async () => {
    await start();
    const [bad, good] = [await puppetServer(refusing), await puppetServer(taking)];
    const { bot } = await addBot(['*'], bad.url);
    await keepAll();
    await moveBot(bot, good.url);
    await pass(ROUND_MS + SECOND_MS);
    expect(good.received).toHaveLength(WAITING);
    expect(await waitingCount()).toBe(0);
    expect(dispatch.circuits.open.size).toBe(0);
  });

  it('goes to the one that comes after it', async () => {
    await start();
    const [bad, good] = [await puppetServer(refusing), await puppetServer(taking)];
    const { bot } = await addBot(['*'], bad.url);
    await keepAll();
    await removeBot(bot);
    await pass(5 * ROUND_MS);
    expect(await waitingCount()).toBe(0);
    expect((await dispatch.events.counts()).parked).toBe(WAITING);
    await addBot(['*'], good.url);
    await pass(ROUND_MS + SECOND_MS);
    expect(good.received).toHaveLength(WAITING);
  });

  it('goes to nobody where people serve the accounts after it', async () => {
    await start();
    const { bot } = await addBot(['*'], (await puppetServer(refusing)).url);
    await keepAll();
    await removeBot(bot);
    await addBot(['*'], '', { kind: 'none', callback: null });
    await pass(ROUND_MS + SECOND_MS);
    expect(await dispatch.events.counts()).toMatchObject({ waiting: 0, parked: 0, dead: 0 });
  });

  it('follows it when another replica gave it the new URL', async () => {
    const data = new RecordData();
    const events = new SharedEventQueue();
    await start({ events, records: new MemoryRecords(data) });
    const [bad, good] = [await puppetServer(refusing), await puppetServer(taking)];
    const { bot } = await addBot(['*'], bad.url);
    await keepAll();
    const other = await open({ events, records: new MemoryRecords(data) });
    await moveBot(bot, good.url, other);
    await pass(MINUTE_MS);
    expect(good.received).toHaveLength(WAITING);
    expect([dispatch, other].map(({ circuits }) => circuits.open.size)).toEqual([0, 0]);
  });

  it('goes to a bot that lists the accounts, also where the store was away when that was said', async () => {
    await start();
    const [bad, good] = [await puppetServer(refusing), await puppetServer(taking)];
    await addBot(['*'], bad.url);
    await keepAll();
    const change = dispatch.events.change.bind(dispatch.events);
    dispatch.events.change = () => Promise.reject(new AppError('STORE_UNAVAILABLE'));
    await addBot([account(30), account(31)], good.url);
    await pass(SECOND_MS);
    dispatch.events.change = change;
    await pass(ROUND_MS);
    expect(good.received).toHaveLength(2);
    expect(dispatch.circuits.open.size).toBe(1);
  });

  it('goes to it also when an earlier version kept it', async () => {
    await start();
    const server = await puppetServer(taking);
    await addBot(['*'], `${server.url}/cb`);
    const endpoint = `${server.url}/cb`;
    for (let n = 0; n < WAITING; n++)
      await leave({
        event: kfEvent({ openKfId: account(n), id: `event-${n}` }),
        endpoint,
        dueAtMs: clock.nowMs() + DAY_MS,
      });
    await pass(ROUND_MS + SECOND_MS);
    expect(await waitingCount()).toBe(0);
  });
});

describe('a test of an account', () => {
  it('that no puppet has registered goes to the bot that lists it', async () => {
    await start();
    const server = await puppetServer(taking);
    await addBot([account(1)], `${server.url}/cb`);
    const { registry, botEndpoints, counters } = dispatch;
    const log = pino({ level: 'silent' });
    const tests = new TestDelivery(
      registry.accounts,
      registry.destinations,
      botEndpoints,
      new TestBudget(new ResyncBudget(counters, clock, clock), clock),
      clock,
      new TestElsewhere(dispatch.waiting, clock, clock),
      log,
    );
    expect(await tests.send(account(1), OPERATOR)).toMatchObject({ failure: null });
    expect(server.received.map(({ path }) => path.split('?')[0])).toEqual(['/cb']);
    await expect(tests.send(account(2), OPERATOR)).rejects.toMatchObject({
      code: 'REGISTRY_PUPPET_NOT_FOUND',
    });
  });
});
