/** What `docs/bots.md` promises of a bot that is changed, paused, given a new key or deleted; on the embedded store, and replicas on MongoDB. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BotWithKeyAnswer } from '../../src/api/bots/bots.dto.js';
import { mongoPlace } from '../support/each-store.js';
import { EventApp } from '../support/event-app.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { scrape } from '../support/metrics.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, newSecretsKey } from '../support/place.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId } from '../support/wecom.js';

const BOTS_MAX = 1_000;
/** A divisor of one less. */
const AT_ONCE = 37;

const place = embeddedPlace();
let manager: ManagerProcess;
let at: EventApp;

beforeAll(async () => {
  manager = await startManager(place.env);
});

afterAll(async () => {
  await manager.stop();
  await place.discard();
});

beforeEach(async () => {
  at = await EventApp.connect(manager);
});

afterEach(() => at.close());

/** 401 once the key does not count. */
const opens = async (key: string) =>
  (await (await fetch(`${manager.url}/bot/${key}/cgi-bin/user/get`)).json()) as { errcode: number };

it('a change leaves the other fields, and the query of a URL that is sent back as it was shown', async () => {
  const { id } = await at.add({
    callback: { url: `${at.bot.url}/wxkf/?tenant=7`, headers: { 'x-kb-id': '1' } },
  });
  const { callback } = await at.shown(id);
  expect(callback?.url).toBe(`${at.bot.url}/wxkf/?***`);
  expect((await at.change(id, { callback: { url: callback?.url, timeoutMs: 8_000 } })).status).toBe(200);
  expect(await at.tell('ENC1')).toBe('delivered');
  expect(at.bot.received[0]).toMatchObject({ query: { tenant: '7' }, headers: { 'x-kb-id': '1' } });
  expect(await at.shown(id)).toMatchObject({ name: 'Support bot', callback: { timeoutMs: 8_000 } });
});

it('kind and corp of a bot cannot be changed: both are ignored', async () => {
  const { id } = await at.add();
  const answer = await at.change(id, { kind: 'stream', corpId: newApp().corpId, name: 'Renamed' });
  expect(answer.status).toBe(200);
  expect(await at.shown(id)).toMatchObject({ kind: 'callback', corpId: at.app.corpId, name: 'Renamed' });
});

it('a bot that is added paused is sent nothing until the pause is over', async () => {
  const { id } = await at.add({ paused: true });
  expect(await at.tell('ENC1')).toBe('pending');
  expect(at.bot.received).toEqual([]);
  expect((await at.change(id, { paused: false })).status).toBe(200);
  await until(() => at.bot.received.length === 1);
});

it('a new key without an overlap ends the old one at once, and the callback keys stay', async () => {
  const { id, key } = await at.add();
  const refused = (await opens('wxkf_nobody')).errcode;
  expect((await opens(key)).errcode).not.toBe(refused);
  const answer = await at.request('POST', `/api/v1/bots/${id}/key`, {});
  const renewed = (await answer.json()) as BotWithKeyAnswer;
  expect((await opens(key)).errcode).toBe(refused);
  expect((await opens(renewed.key)).errcode).not.toBe(refused);
  expect(await at.tell('ENC1')).toBe('delivered');
  expect(at.bot.opened.map(({ syncToken }) => syncToken)).toEqual(['ENC1']);
});

it('a deleted bot’s key ends at once, and what waits goes to the next bot of the account', async () => {
  const { id, key } = await at.add({ paused: true });
  const refused = (await opens('wxkf_nobody')).errcode;
  await at.tell('ENC1');
  expect((await at.request('DELETE', `/api/v1/bots/${id}`)).status).toBe(200);
  expect((await opens(key)).errcode).toBe(refused);
  await at.add({ name: 'The next' });
  await until(() => at.bot.received.length === 1);
});

it('an account has one bot, and a corp has one bot of all other accounts', async () => {
  await at.add();
  const second = await at.ask({ name: 'Second' });
  expect([second.status, await second.json()]).toMatchObject([409, { error: 'BOT_ACCOUNT_TAKEN' }]);
  await at.add({ openKfIds: ['*'] });
  const other = await at.ask({ openKfIds: ['*'] });
  expect([other.status, await other.json()]).toMatchObject([409, { error: 'BOT_ACCOUNT_TAKEN' }]);
});

it('the log and a metric name a bot by its id and its name', async () => {
  const { id } = await at.add({ name: 'Named' });
  await at.tell('ENC1');
  const counted = (await scrape(manager.url)).find('wxkf_bot_attempts_total', { name: 'Named' });
  expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(1);
  await at.change(id, { paused: true });
  await at.request('DELETE', `/api/v1/bots/${id}`);
  for (const msg of ['bot.added', 'bot.changed', 'bot.removed'])
    await manager.line((line) => line.msg === msg && JSON.stringify(line).includes(id));
});

describe('a manager without SECRETS_KEY', () => {
  const AGENT = {
    kind: 'agent',
    callback: undefined,
    agent: { form: 'fastgpt', url: 'http://127.0.0.1:1/v1' },
  };

  it.each([
    ['takes messages', { takes: 'message' }],
    ['is an agent', AGENT],
  ])('adds no bot that %s, and says how to make the key', async (_what, fields) => {
    const answer = await at.ask({ corpSecret: 'corp-secret-of-the-tests', ...fields });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      {
        error: 'REQUEST_INVALID',
        message: expect.stringMatching(/SECRETS_KEY is not set: npx wxkf-manager/),
      },
    ]);
  });

  it('lets no bot begin to take messages', async () => {
    const { id } = await at.add();
    const answer = await at.change(id, { takes: 'message', corpSecret: 'corp-secret-of-the-tests' });
    expect([answer.status, (await at.shown(id)).takes]).toEqual([400, 'event']);
  });
});

it('there may be 1,000 bots: one more is refused until one is deleted', async () => {
  const own = embeddedPlace();
  const full = await startManager(own.env);
  const there = await EventApp.connect(full);
  const ask = () => there.ask({ openKfIds: [newOpenKfId()] });
  const { id } = await there.add();
  for (let n = 1; n < BOTS_MAX; n += AT_ONCE) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, ask));
    for (const { status } of answers) expect(status).toBe(200);
  }
  const answer = await ask();
  expect([answer.status, await answer.json()]).toMatchObject([409, { error: 'BOTS_FULL' }]);
  expect((await there.request('DELETE', `/api/v1/bots/${id}`)).status).toBe(200);
  expect((await ask()).status).toBe(200);
  await Promise.all([full.stop(), there.close()]);
  await own.discard();
});

mongoSuite('a replica that does not know a new SECRETS_KEY yet', () => {
  it('neither changes a bot that was added with it nor gives it a new key, says why, and can delete it', async () => {
    const [shared, old] = [mongoPlace(), newSecretsKey()];
    const env = { ...shared.env, SECRETS_KEY: old };
    const behind = await startManager(env);
    const ahead = await startManager({ ...env, SECRETS_KEY: `${newSecretsKey()},${old}` });
    const [there, here] = [await EventApp.connect(ahead), await EventApp.connect(behind)];
    const { id } = await there.add();
    expect((await here.shown(id)).fault).toMatch(/secrets cannot be opened; add their key to SECRETS_KEY/);
    for (const answer of [
      await here.change(id, { name: 'Renamed' }),
      await here.request('POST', `/api/v1/bots/${id}/key`, {}),
    ])
      expect([answer.status, await answer.json()]).toMatchObject([409, { error: 'BOT_CLOSED' }]);
    expect((await here.request('DELETE', `/api/v1/bots/${id}`)).status).toBe(200);
    await Promise.all([there.close(), here.close(), behind.stop(), ahead.stop()]);
    await shared.discard();
  });
});
