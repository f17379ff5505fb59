/** What `docs/bots.md` promises of a bot that is changed, paused, given a new key or deleted; on the embedded store. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { BotAnswer, BotCreatedAnswer, BotWithKeyAnswer } from '../../src/api/bots.dto.js';
import { BotServer } from '../support/bot-server.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { scrape } from '../support/metrics.js';
import { embeddedPlace } from '../support/place.js';
import { postJson } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, type WecomApp } from '../support/wecom.js';

const place = embeddedPlace();
let manager: ManagerProcess;
let app: WecomApp;
let openKfId: string;
let bot: BotServer;

beforeAll(async () => {
  manager = await startManager(place.env);
});

afterAll(async () => {
  await manager.stop();
  await place.discard();
});

beforeEach(async () => {
  [app, openKfId] = [newApp(), newOpenKfId()];
  bot = await BotServer.start();
  await postJson(`${manager.url}/api/v1/apps`, app);
});

afterEach(() => bot.close());

const request = (method: string, path: string, body: object | null = null) =>
  fetch(manager.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === null ? null : JSON.stringify(body),
  });

const ask = (fields: object = {}) =>
  request('POST', '/api/v1/bots', {
    ...{ name: 'Support bot', corpId: app.corpId, openKfIds: [openKfId], kind: 'callback' },
    ...{ callback: { url: `${bot.url}/wxkf/?tenant=7` } },
    ...fields,
  });

async function add(fields: object = {}): Promise<BotCreatedAnswer> {
  const response = await ask(fields);
  expect(response.status).toBe(200);
  const answer = (await response.json()) as BotCreatedAnswer;
  bot.keys = { token: answer.token ?? '', encodingAESKey: answer.encodingAESKey ?? '' };
  return answer;
}

const change = (id: string, fields: object) => request('PATCH', `/api/v1/bots/${id}`, fields);
const shown = async (id: string) => (await (await request('GET', `/api/v1/bots/${id}`)).json()) as BotAnswer;
/** 401 once the key does not count. */
const opens = async (key: string) =>
  (await (await fetch(`${manager.url}/bot/${key}/cgi-bin/user/get`)).json()) as { errcode: number };

async function tell(token: string): Promise<string> {
  const response = await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, { openKfId, token });
  return ((await response.json()) as { delivery: string }).delivery;
}

it('a change leaves the other fields, and the query of a URL that is sent back as it was shown', async () => {
  const { id } = await add({ callback: { url: `${bot.url}/wxkf/?tenant=7`, headers: { 'x-kb-id': '1' } } });
  const { callback } = await shown(id);
  expect(callback?.url).toBe(`${bot.url}/wxkf/?***`);
  expect((await change(id, { callback: { url: callback?.url, timeoutMs: 8_000 } })).status).toBe(200);
  expect(await tell('ENC1')).toBe('delivered');
  expect(bot.received[0]).toMatchObject({ query: { tenant: '7' }, headers: { 'x-kb-id': '1' } });
  expect(await shown(id)).toMatchObject({ name: 'Support bot', callback: { timeoutMs: 8_000 } });
});

it('kind and corp of a bot cannot be changed: both are ignored', async () => {
  const { id } = await add();
  expect((await change(id, { kind: 'stream', corpId: newApp().corpId, name: 'Renamed' })).status).toBe(200);
  expect(await shown(id)).toMatchObject({ kind: 'callback', corpId: app.corpId, name: 'Renamed' });
});

it('a bot that is added paused is sent nothing until the pause is over', async () => {
  const { id } = await add({ paused: true });
  expect(await tell('ENC1')).toBe('pending');
  expect(bot.received).toEqual([]);
  expect((await change(id, { paused: false })).status).toBe(200);
  await until(() => bot.received.length === 1);
});

it('a new key without an overlap ends the old one at once, and the callback keys stay', async () => {
  const { id, key } = await add();
  const refused = (await opens('wxkf_nobody')).errcode;
  expect((await opens(key)).errcode).not.toBe(refused);
  const answer = await request('POST', `/api/v1/bots/${id}/key`, {});
  const renewed = (await answer.json()) as BotWithKeyAnswer;
  expect((await opens(key)).errcode).toBe(refused);
  expect((await opens(renewed.key)).errcode).not.toBe(refused);
  expect(await tell('ENC1')).toBe('delivered');
  expect(bot.opened.map(({ syncToken }) => syncToken)).toEqual(['ENC1']);
});

it('a deleted bot’s key ends at once, and what waits goes to the next bot of the account', async () => {
  const { id, key } = await add({ paused: true });
  const refused = (await opens('wxkf_nobody')).errcode;
  await tell('ENC1');
  expect((await request('DELETE', `/api/v1/bots/${id}`)).status).toBe(200);
  expect((await opens(key)).errcode).toBe(refused);
  await add({ name: 'The next' });
  await until(() => bot.received.length === 1);
});

it('an account has one bot, and a corp has one bot of all other accounts', async () => {
  await add();
  const second = await ask({ name: 'Second' });
  expect([second.status, await second.json()]).toMatchObject([409, { error: 'BOT_ACCOUNT_TAKEN' }]);
  await add({ openKfIds: ['*'] });
  const other = await ask({ openKfIds: ['*'] });
  expect([other.status, await other.json()]).toMatchObject([409, { error: 'BOT_ACCOUNT_TAKEN' }]);
});

it('the log and a metric name a bot by its id and its name', async () => {
  const { id } = await add({ name: 'Named' });
  await tell('ENC1');
  const counted = (await scrape(manager.url)).find('wxkf_bot_attempts_total', { name: 'Named' });
  expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(1);
  await change(id, { paused: true });
  await request('DELETE', `/api/v1/bots/${id}`);
  for (const msg of ['bot.added', 'bot.changed', 'bot.removed'])
    await manager.line((line) => line.msg === msg && JSON.stringify(line).includes(id));
});
