/** Events that wait for their bots: which of them stay, and what operators do with them; on the embedded store. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots.dto.js';
import type { HintPageAnswer } from '../../src/insight/answers/hint.dto.js';
import type { TestedAnswer } from '../../src/insight/accounts/kf-account.dto.js';
import { BotServer } from '../support/bot-server.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { postJson } from '../support/puppet-server.js';
import { StreamBot } from '../support/stream-bot.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, type WecomApp } from '../support/wecom.js';

const place = embeddedPlace();
let manager: ManagerProcess;
let app: WecomApp;
let openKfId: string;
let bot: BotServer;
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
  [app, openKfId, status] = [newApp(), newOpenKfId(), 200];
  bot = await BotServer.start();
  bot.behave((_request, response) => response.writeHead(status).end());
  await postJson(`${manager.url}/api/v1/apps`, app);
});

afterEach(() => bot.close());

async function add(fields: object = {}): Promise<BotCreatedAnswer> {
  const response = await postJson(`${manager.url}/api/v1/bots`, {
    ...{ name: 'Support bot', corpId: app.corpId, openKfIds: [openKfId], kind: 'callback' },
    ...{ callback: { url: `${bot.url}/wxkf/` } },
    ...fields,
  });
  const answer = (await response.json()) as BotCreatedAnswer;
  if (response.status !== 200) throw new Error(JSON.stringify(answer));
  bot.keys = { token: answer.token ?? '', encodingAESKey: answer.encodingAESKey ?? '' };
  return answer;
}

const request = (method: string, path: string, body: object | null = null) =>
  fetch(manager.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === null ? null : JSON.stringify(body),
  });
const setPaused = async (id: string, paused: boolean) =>
  expect((await request('PATCH', `/api/v1/bots/${id}`, { paused })).status).toBe(200);
const hints = async () => {
  const response = await request('GET', `/api/v1/hints?corpId=${app.corpId}`);
  return ((await response.json()) as HintPageAnswer).items;
};

/** Each with a second of its own, as a gateway says, so that nobody doubts their order. */
async function tell(from: number, to: number): Promise<void> {
  const nowS = Math.floor(Date.now() / 1_000) - 100;
  for (let n = from; n <= to; n++) {
    const event = { openKfId, token: `ENC${n}`, createTime: nowS + n };
    const response = await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, event);
    expect(await response.json()).toMatchObject({ delivery: 'pending' });
  }
}

it('of 25 events that wait for a callback bot the newest 20 are sent, the oldest of them first', async () => {
  const { id } = await add();
  await setPaused(id, true);
  await tell(1, 25);
  await setPaused(id, false);
  await until(async () => (await hints()).length === 0);
  expect(bot.opened.map(({ syncToken }) => syncToken)).toEqual(
    Array.from({ length: 20 }, (_, n) => `ENC${n + 6}`),
  );
});

it('of the events that wait for a stream bot the newest is sent', async () => {
  const { id, key } = await add({ kind: 'stream', callback: undefined });
  await setPaused(id, true);
  await tell(1, 5);
  await setPaused(id, false);
  const client = await new StreamBot(manager.url, key).ready();
  await until(async () => client.events.length > 0 && (await hints()).length === 0);
  expect(client.events.map(({ token }) => token)).toEqual(['ENC5']);
  await client.close();
});

it('any 2xx takes an event, whatever the body', async () => {
  await add();
  status = 204;
  const event = { openKfId, token: 'ENC1' };
  const response = await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, event);
  expect(await response.json()).toMatchObject({ delivery: 'delivered' });
});

it('an event that an operator sends again is a new one to its bot: another webhook-id, the first attempt', async () => {
  await add();
  status = 500;
  await tell(1, 1);
  status = 200;
  expect((await request('POST', `/api/v1/hints/${openKfId}/replay`, {})).status).toBe(200);
  await until(async () => (await hints()).length === 0);
  const [first, last] = [bot.received[0], bot.received.at(-1)];
  expect(last?.headers['x-wxkf-attempt']).toBe('1');
  expect(last?.headers['webhook-id']).not.toBe(first?.headers['webhook-id']);
  expect(bot.opened.map(({ syncToken }) => syncToken)).toEqual(['ENC1', 'ENC1']);
});

it('an event that an operator drops is lost, and the log says from where', async () => {
  const { id } = await add();
  await setPaused(id, true);
  await tell(1, 1);
  expect((await request('DELETE', `/api/v1/hints/${openKfId}`)).status).toBe(200);
  await manager.line(
    (line) => line.msg === 'hint.dropped' && line.openKfId === openKfId && line.from === '127.0.0.1',
  );
  await setPaused(id, false);
  await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, { openKfId, token: 'ENC2' });
  await until(() => bot.received.length > 0);
  expect(bot.opened.map(({ syncToken }) => syncToken)).toEqual(['ENC2']);
});

it('a test is not kept, one that fails does not count against the bot, and three a minute are sent', async () => {
  await add();
  const test = async () =>
    (await (await request('POST', `/api/v1/kf-accounts/${openKfId}/test`)).json()) as TestedAnswer;
  status = 500;
  for (let n = 0; n < 3; n++) expect(await test()).toMatchObject({ taken: false, status: 500 });
  expect(await test()).toMatchObject({ error: 'RESYNC_LIMITED' });
  expect(await hints()).toEqual([]);
  // After five refusals in a row the next event would be kept at once.
  await tell(1, 2);
  status = 200;
  const event = { openKfId, token: 'ENC3' };
  const response = await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, event);
  expect(await response.json()).toMatchObject({ delivery: 'delivered' });
});
