/** A callback bot that takes events gets each of the newest 20 that wait: some programs look at one message for each. */
import { expect, it } from '@jest/globals';
import { BotServer } from '../../../test/support/bot-server.js';
import { newBot, secretsText } from '../../../test/support/bots.js';
import { clock, kfEvent, pass, puppetServer } from '../../../test/support/delivery.js';
import {
  dispatch,
  hintOf,
  idsOf,
  leave,
  MINUTE_MS,
  refusing,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  send,
  start,
  taking,
  waitingCount,
} from '../../../test/support/redelivery.js';
import type { Requester } from '../../kernel/role.js';
import type { BotWithKey } from '../../registry/bots/bots.service.js';

replicasOfEachTest();

const OPERATOR = {} as Requester;
const KEYS = { token: 'botToken1', encodingAESKey: 'kWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C' };

function addBot(url: string, fields: Parameters<typeof newBot>[0] = {}): Promise<BotWithKey> {
  const secrets = secretsText({ url, ...KEYS, corpSecret: '', headers: {}, signingSecret: '' });
  return dispatch.registry.botsService.add(newBot({ ...fields, secrets }), OPERATOR);
}

const ids = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, n) => `event-${first + n}`);

it('one that was away for 25 events gets the newest 20 of them when it is back, in their order and each once', async () => {
  await start();
  const server = await puppetServer(refusing);
  await addBot(server.url);
  for (const id of ids(1, 25)) {
    await send({ id });
    await pass(2 * SECOND_MS);
  }
  expect(await hintOf()).toMatchObject({ events: 20, eventId: 'event-6' });
  expect(await waitingCount()).toBe(1);
  server.behave(taking);
  const before = server.received.length;
  await pass(MINUTE_MS);
  expect(idsOf(server).slice(before)).toEqual(ids(6, 25));
  expect(await waitingCount()).toBe(0);
});

it('one that answers after 3 s gets each once, while they come every second', async () => {
  await start();
  const server = await puppetServer((_request, response) => {
    clock.after(3 * SECOND_MS, () => response.end('success'));
  });
  await addBot(server.url);
  const sent = [];
  for (const id of ids(1, 30)) {
    sent.push(send({ id }));
    await passSlowly(SECOND_MS);
  }
  expect((await Promise.all(sent)).map(({ delivery }) => delivery)).toEqual(ids(1, 30).map(() => 'pending'));
  await passSlowly(MINUTE_MS);
  expect(idsOf(server)).toEqual(ids(1, 30));
  expect(await waitingCount()).toBe(0);
});

it('one that takes none of them in time gets each again, one after the other', async () => {
  await start();
  let isAway = true;
  const server = await puppetServer((request, response) => {
    if (!isAway) taking(request, response);
  });
  await addBot(server.url);
  for (const id of ids(1, 3)) {
    void send({ id });
    await passSlowly(SECOND_MS);
  }
  await passSlowly(500);
  isAway = false;
  await passSlowly(MINUTE_MS);
  expect(idsOf(server).toSorted()).toEqual([...ids(1, 3), ...ids(1, 3)].toSorted());
  expect(idsOf(server).slice(3)).toEqual(ids(1, 3));
  expect(await waitingCount()).toBe(0);
});

it('a puppet that gets the account is sent the newest alone', async () => {
  await start();
  const [bot, puppet] = [await puppetServer(refusing), await puppetServer(taking)];
  const added = await addBot(bot.url);
  for (const id of ids(1, 3)) await send({ id });
  expect(await hintOf()).toMatchObject({ events: 3 });
  await dispatch.registry.botsService.remove(added.bot.id, OPERATOR);
  await registerAt(puppet.url);
  await pass(MINUTE_MS);
  expect(idsOf(puppet)).toEqual(['event-3']);
  expect(await waitingCount()).toBe(0);
});

it('one that pulls by itself is given the newest token for an event whose own is over', async () => {
  await start();
  const server = await BotServer.start();
  server.keys = KEYS;
  await addBot(server.url, { api: 'direct' });
  const endpoint = dispatch.registry.destinations.find(kfEvent()).endpoint?.href ?? '';
  const old = { endpoint, arrivedAtMs: clock.nowMs() - 11 * MINUTE_MS, keepsEach: true };
  await leave({ ...old, event: kfEvent({ id: 'event-1', syncToken: 'TOKEN-1' }) });
  const event = kfEvent({ id: 'event-2', syncToken: 'TOKEN-2' });
  await leave({ ...old, event, arrivedAtMs: clock.nowMs() });
  dispatch.waiting.kept.added.wakeUp();
  await pass(SECOND_MS);
  await server.close();
  expect(server.opened.map(({ syncToken }) => syncToken)).toEqual(['TOKEN-2', 'TOKEN-2']);
  expect(await waitingCount()).toBe(0);
});

/** A bot that is silent for a while is not waited for at each instant. */
async function passSlowly(ms: number): Promise<void> {
  await clock.advance(ms, async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  });
}
