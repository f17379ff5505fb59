/** Messages that the manager pulls, for bots without an address. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/answers/bot.dto.js';
import { type Simulator, startSimulator } from '../../simulator/simulator.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { postJson } from '../support/puppet-server.js';
import { StreamBot, type StreamBotOptions, type StreamFrame } from '../support/stream-bot.js';
import { until } from '../support/until.js';

const ACCOUNTS = Array.from({ length: 8 }, (_, n) => `account ${n}`);

let place: Place;
let manager: ManagerProcess;
let wecom: Simulator;
let accountsUsed = 0;
let openKfId: string;
let opened: StreamBot[];

beforeAll(async () => {
  wecom = await startSimulator({ accounts: ACCOUNTS, customers: ['张三', '李四'] });
  place = embeddedPlace();
  manager = await startManager({
    ...place.env,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    MESSAGE_TRIES: '2',
    WECOM_API_URL: wecom.url,
    ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
  });
  const { corpId, callback } = wecom;
  await postJson(`${manager.url}/api/v1/apps`, { corpId, ...callback, url: undefined });
  const saved = await wecom.saveCallback({ ...callback, url: `${manager.url}/callback/${corpId}` });
  if (!saved.isVerified) throw new Error(saved.detail);
});

afterAll(async () => {
  await manager.stop('SIGKILL');
  await wecom.close();
  await place.discard();
});

beforeEach(() => {
  openKfId = wecom.accounts[accountsUsed++]?.openKfId ?? '';
  opened = [];
});

afterEach(() => Promise.all(opened.map((bot) => bot.close())));

async function addBot(fields: object = {}): Promise<BotCreatedAnswer> {
  const { corpId, corpSecret } = wecom;
  const response = await fetch(`${manager.url}/api/v1/bots`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ name: 'Laptop', corpId, corpSecret, openKfIds: [openKfId], kind: 'stream', takes: 'message' },
      ...fields,
    }),
  });
  const answer = (await response.json()) as BotCreatedAnswer;
  if (response.status !== 200) throw new Error(JSON.stringify(answer));
  return answer;
}

async function open(key: string, options: StreamBotOptions = {}): Promise<StreamBot> {
  const bot = new StreamBot(manager.url, key, options);
  opened.push(bot);
  return bot.ready();
}

const say = (text: string) => wecom.say(text, { openKfId });
const textsOf = (frames: readonly StreamFrame[]) =>
  frames.map(({ message }) => (message as { readonly text: { readonly content: string } }).text.content);

it('are frames with the message, one after the other, each once', async () => {
  const { key } = await addBot();
  const bot = await open(key);
  for (const text of ['1', '2', '3']) say(text);
  await until(() => bot.events.length === 3);
  expect(textsOf(bot.events)).toEqual(['1', '2', '3']);
  expect(bot.events[0]).toEqual({
    ...{ type: 'event', id: expect.any(String), attempt: 1, openKfId, corpId: wecom.corpId },
    ...{ ageMs: expect.any(Number), message: expect.objectContaining({ origin: 3, msgtype: 'text' }) },
  });
});

it.each(['the account', '*'])('wait while no client of a bot of %s is connected', async (which) => {
  // Others have their accounts by then.
  const { key, id } = await addBot({ openKfIds: [which === '*' ? '*' : openKfId] });
  for (const text of ['1', '2']) say(text);
  const isPulled = async () =>
    (await fetch(`${manager.url}/api/v1/messages?limit=200`).then((response) => response.text())).includes(
      openKfId,
    );
  await until(isPulled);
  const bot = await open(key);
  await until(() => bot.events.length === 2);
  expect(textsOf(bot.events)).toEqual(['1', '2']);
  await fetch(`${manager.url}/api/v1/bots/${id}`, { method: 'DELETE' });
});

it('are dead after some refusals, and do not hold up the next', async () => {
  const { key } = await addBot();
  const bot = await open(key, {
    onEvent: (frame, self) => {
      const isPoison = textsOf([frame])[0] === 'poison';
      self.send({ type: isPoison ? 'nack' : 'ack', id: frame.id });
    },
  });
  for (const text of ['poison', 'next']) say(text);
  await until(() => textsOf(bot.events).includes('next'));
  expect(textsOf(bot.events)).toEqual(['poison', 'poison', 'next']);
});

it('come by an event that a callback bot is forwarded, which pulls them at the manager’s base', async () => {
  const url = 'http://127.0.0.1:1/callback';
  const { key } = await addBot({ kind: 'callback', callback: { url } });
  const pulled: string[] = [];
  const bot = await open(key, {
    hello: { form: 'wecom' },
    onEvent: (frame, self) => {
      void pull(key, String(frame.token)).then((texts) => {
        pulled.push(...texts);
        self.send({ type: 'ack', id: frame.id });
      });
    },
  });
  for (const text of ['1', '2', '3']) say(text);
  await until(() => pulled.length === 3);
  expect(pulled).toEqual(['1', '2', '3']);
  expect(bot.events.every(({ message, callback }) => message === undefined && callback !== undefined)).toBe(
    true,
  );
});

/** As a program does that was given the manager as its base. */
async function pull(key: string, token: string): Promise<string[]> {
  const { corpId, corpSecret } = wecom;
  const base = `${manager.url}/bot/${key}/cgi-bin`;
  const got = (await fetch(`${base}/gettoken?corpid=${corpId}&corpsecret=${corpSecret}`).then((r) =>
    r.json(),
  )) as { readonly access_token: string };
  const response = await fetch(`${base}/kf/sync_msg?access_token=${got.access_token}`, {
    method: 'POST',
    body: JSON.stringify({ token, open_kfid: openKfId, cursor: '' }),
  });
  const { msg_list: list } = (await response.json()) as {
    readonly msg_list: readonly { readonly text: { readonly content: string } }[];
  };
  return list.map(({ text }) => text.content);
}
