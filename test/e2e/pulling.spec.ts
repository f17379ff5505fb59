/** What the manager pulls for bots that take messages, where WeCom does not make it easy. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { connectApp, saveCallback } from '../support/connected-app.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { PullingBot } from '../support/pulling-bot.js';
import { until } from '../support/until.js';

const SECRETS_KEY = randomBytes(32).toString('base64');
const ACCOUNTS = ['one', 'two', 'three', 'four', 'five', 'six'];

let place: Place;
let manager: ManagerProcess;
let wecom: Simulator;
let accountsUsed = 0;
let openKfId: string;
let bot: PullingBot;

beforeAll(async () => {
  wecom = await startSimulator({ accounts: ACCOUNTS });
  place = embeddedPlace();
  manager = await start();
  await connectApp(wecom, manager);
});

afterAll(async () => {
  await manager.stop();
  await wecom.close();
  await place.discard();
});

beforeEach(async () => {
  openKfId = wecom.accounts[accountsUsed++]?.openKfId ?? '';
  bot = await PullingBot.start();
});

afterEach(() => {
  wecom.faults.dropCallbacks = false;
  return bot.close();
});

const start = () =>
  startManager({
    ...place.env,
    SECRETS_KEY,
    MESSAGES_AHEAD_MAX: '20',
    WECOM_API_URL: wecom.url,
    ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
  });

// oxlint-disable-next-line typescript/no-explicit-any -- each route has its own fields.
async function request(method: string, path: string, body?: object): Promise<any> {
  const response = await fetch(manager.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const answer = await response.json();
  if (response.status !== 200) throw new Error(JSON.stringify(answer));
  return answer;
}

async function add(fields: object = {}): Promise<string> {
  const { corpId, corpSecret } = wecom;
  const answer = await request('POST', '/api/v1/bots', {
    ...{ name: 'Support bot', corpId, corpSecret, openKfIds: [openKfId] },
    ...{ kind: 'callback', takes: 'message', callback: { url: `${bot.server.url}/wxkf/` } },
    ...fields,
  });
  bot.server.keys = { token: answer.token, encodingAESKey: answer.encodingAESKey };
  bot.base = `${manager.url}/bot/${answer.key}/cgi-bin`;
  bot.credentials = { corpid: corpId, corpsecret: corpSecret };
  return answer.id;
}

const say = (text: string) => wecom.say(text, { openKfId });

/** Without telling of it: callbacks may be lost, and are, when nobody listens for long. */
function sayUntold(text: string): void {
  wecom.faults.dropCallbacks = true;
  say(text);
  wecom.faults.dropCallbacks = false;
}

describe('what customers write', () => {
  it('while the manager is down reaches the bot when it starts, without a further event', async () => {
    await add();
    say('1');
    await until(() => bot.texts.length === 1);
    await manager.stop();
    sayUntold('2');
    sayUntold('3');
    manager = await start();
    await saveCallback(wecom, manager);
    bot.base = bot.base.replace(/^http:\/\/[^/]+/, manager.url);
    await until(() => bot.texts.length >= 3);
    expect(bot.texts).toEqual(['1', '2', '3']);
  });

  it('while nobody takes messages reaches the bot that takes them next, without a further event', async () => {
    const id = await add();
    say('1');
    await until(() => bot.texts.length === 1);
    for (const text of ['2', '3']) {
      await request('PATCH', `/api/v1/bots/${id}`, { openKfIds: ['wkNobody'] });
      sayUntold(text);
      await request('PATCH', `/api/v1/bots/${id}`, { openKfIds: [openKfId] });
      await until(() => bot.texts.includes(text));
    }
    expect(bot.texts).toEqual(['1', '2', '3']);
  });

  it('is pulled in smaller pages where a page is too long to be read, and all of it is given', async () => {
    await add();
    // More than the 16 MB of an answer that is read.
    const long = 'x'.repeat(2_000_000);
    const texts = Array.from({ length: 9 }, (_, n) => `${n} ${long}`);
    for (const text of texts) sayUntold(text);
    say('the last');
    await until(() => bot.texts.includes('the last'));
    expect(bot.texts.map((text) => text.slice(0, 3))).toEqual(
      [...texts, 'the last'].map((text) => text.slice(0, 3)),
    );
  });
});
