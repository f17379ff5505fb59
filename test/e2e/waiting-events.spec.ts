/** Events that wait for their bots: which of them stay, and what operators do with them; on the embedded store. */
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { EventApp } from '../support/event-app.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type Behaviour, TAKE } from '../support/puppet-server.js';
import { StreamBot } from '../support/stream-bot.js';
import { until } from '../support/until.js';
import { newOpenKfId } from '../support/wecom.js';

const place = embeddedPlace();
let manager: ManagerProcess;
let at: EventApp;
/** What the bot answers. */
let status: number;

beforeAll(async () => {
  manager = await startManager({ ...place.env, HOST: '127.0.0.1' });
});

afterAll(async () => {
  await manager.stop();
  await place.discard();
});

beforeEach(async () => {
  status = 200;
  at = await EventApp.connect(manager);
  at.bot.behave((_request, response) => response.writeHead(status).end());
});

afterEach(() => at.close());

/** Each with a second of its own, as a gateway says, so that nobody doubts their order. */
async function tell(from: number, to: number): Promise<void> {
  const nowS = Math.floor(Date.now() / 1_000) - 100;
  for (let n = from; n <= to; n++) expect(await at.tell(`ENC${n}`, at.openKfId, nowS + n)).toBe('pending');
}

const tokens = () => at.bot.opened.map(({ syncToken }) => syncToken);
const isNothingWaiting = () => until(async () => (await at.hints()).length === 0);

it('of 25 events that wait for a callback bot the newest 20 are sent, the oldest of them first', async () => {
  const { id } = await at.add({ paused: true });
  await tell(1, 25);
  await at.setPaused(id, false);
  await isNothingWaiting();
  expect(tokens()).toEqual(Array.from({ length: 20 }, (_, n) => `ENC${n + 6}`));
});

it('of the events that wait for a stream bot the newest is sent', async () => {
  const { id, key } = await at.add({ kind: 'stream', callback: undefined, paused: true });
  await tell(1, 5);
  await at.setPaused(id, false);
  const client = await new StreamBot(manager.url, key).ready();
  await until(async () => client.events.length > 0);
  await isNothingWaiting();
  expect(client.events.map(({ token }) => token)).toEqual(['ENC5']);
  await client.close();
});

it('any 2xx takes an event, whatever the body', async () => {
  await at.add();
  status = 204;
  expect(await at.tell('ENC1')).toBe('delivered');
});

const BREAKS: Behaviour = ({ socket }) => void socket.destroy();
const REFUSES: Behaviour = (_request, response) => response.writeHead(500).end();

it.each([
  ['its endpoint fails', BREAKS],
  ['its account is refused again and again', REFUSES],
])(
  'an event is kept at once, without an attempt, while %s; a test that the bot takes ends that',
  async (_why, behaviour) => {
    const { id } = await at.add();
    at.bot.behave(behaviour);
    await tell(1, 5);
    expect((await at.shown(id)).circuit).toBe('open');
    // The oldest is probed with, so nothing but an attempt for itself would bring this one.
    await tell(6, 6);
    expect(tokens()).not.toContain('ENC6');
    at.bot.behave(TAKE);
    expect(await at.test()).toMatchObject({ taken: true });
    expect((await at.shown(id)).circuit).toBe('closed');
    await isNothingWaiting();
    expect(tokens().slice(-5)).toEqual(['ENC2', 'ENC3', 'ENC4', 'ENC5', 'ENC6']);
    expect(await at.tell('ENC7')).toBe('delivered');
  },
);

it('a callback bot has 32 connections of its own, also where another has the same origin', async () => {
  const other = newOpenKfId();
  const accounts = Array.from({ length: 40 }, newOpenKfId);
  await at.add({ openKfIds: accounts });
  await at.add({ openKfIds: [other], callback: { url: `${at.bot.url}/other/` } });
  const held: ServerResponse[] = [];
  at.bot.behave(({ url }, response) => {
    if (url?.startsWith('/other/')) response.end();
    else held.push(response);
  });
  const told = Promise.all(accounts.map((openKfId) => at.tell('ENC1', openKfId)));
  await until(() => held.length === 32);
  expect(await at.tell('ENC1', other)).toBe('delivered');
  expect(new Set(await told)).toEqual(new Set(['pending']));
  expect(held).toHaveLength(32);
  at.bot.behave(TAKE);
  for (const response of held) response.end();
  await isNothingWaiting();
});

it('an event that an operator sends again is a new one to its bot: another webhook-id, the first attempt', async () => {
  await at.add();
  status = 500;
  await tell(1, 1);
  status = 200;
  expect((await at.replay()).status).toBe(200);
  await isNothingWaiting();
  const [first, last] = [at.bot.received[0], at.bot.received.at(-1)];
  expect(last?.headers['x-wxkf-attempt']).toBe('1');
  expect(last?.headers['webhook-id']).not.toBe(first?.headers['webhook-id']);
  expect(tokens()).toEqual(['ENC1', 'ENC1']);
});

it('an event that an operator drops is lost, and the log says from where', async () => {
  const { id } = await at.add({ paused: true });
  await tell(1, 1);
  expect((await at.request('DELETE', `/api/v1/hints/${at.openKfId}`)).status).toBe(200);
  await manager.line(
    (line) => line.msg === 'hint.dropped' && line.openKfId === at.openKfId && line.from === '127.0.0.1',
  );
  await at.setPaused(id, false);
  expect(await at.tell('ENC2')).toBe('delivered');
  expect(tokens()).toEqual(['ENC2']);
});

it('a test is not kept, one that fails does not count against the bot, and three a minute are sent', async () => {
  await at.add();
  status = 500;
  for (let n = 0; n < 3; n++) expect(await at.test()).toMatchObject({ taken: false, status: 500 });
  expect(await at.test()).toMatchObject({ error: 'RESYNC_LIMITED' });
  expect(await at.hints()).toEqual([]);
  // After five refusals in a row the next event would be kept at once.
  await tell(1, 2);
  status = 200;
  expect(await at.tell('ENC3')).toBe('delivered');
});
