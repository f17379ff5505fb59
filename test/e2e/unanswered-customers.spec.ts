/** Customers whom nobody answers, while others of their account are answered: the verdict says so, and a reply to them ends it. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Simulator } from '../../packages/simulator/simulator.js';
import type { AccountAnswer } from '../../src/api/accounts/account.dto.js';
import type { StatusAnswer } from '../../src/api/status/status.dto.js';
import type { ManagerProcess } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { PullingBot } from '../support/pulling-bot.js';
import { mongoSuite } from '../support/mongo/database.js';
import { mongoPlace } from '../support/each-store.js';
import { Scene } from '../support/scene.js';
import { ShiftedTime } from '../support/shifted-time.js';
import { until } from '../support/until.js';

const REPLY_WITHIN_S = 5;
/** After so long a customer without a word counts. */
const LONG_MS = 10 * REPLY_WITHIN_S * 1_000;
const PEOPLE_WAIT_ALARM_S = 30;
const CUSTOMERS = ['A', 'B', 'C', 'D', 'E', 'F', 'G'];
const SESSION = { people: { keywords: ['人工'], to: 'pool' } };

const time = new ShiftedTime();
let scene: Scene;
let wecom: Simulator;
let bot: PullingBot;
let openKfId: string;

beforeAll(async () => {
  const env = {
    ...{ REPLY_WITHIN_S: `${REPLY_WITHIN_S}`, PEOPLE_WAIT_ALARM_S: `${PEOPLE_WAIT_ALARM_S}` },
    ...time.env,
  };
  scene = await Scene.open({ place: embeddedPlace(), env, customers: CUSTOMERS, clock: time });
  ({ wecom } = scene);
});

afterAll(async () => {
  await scene.close();
  time.discard();
});

beforeEach(async () => {
  openKfId = scene.newAccount();
  bot = await PullingBot.start();
});

afterEach(() => bot.close());

const add = (fields: object) => bot.addTo(scene.url, wecom, openKfId, fields);
const idOf = (name: string) =>
  wecom.customers.find((customer) => customer.nickname === name)?.externalUserId ?? '';
const say = (name: string, text: string) => wecom.say(text, { openKfId, externalUserId: idOf(name) });
const conversation = (name: string) => wecom.corp.conversation(openKfId, idOf(name));

async function get<Answer>(path: string, { url }: ManagerProcess = scene.manager): Promise<Answer> {
  return (await (await fetch(url + path)).json()) as Answer;
}
const account = (manager?: ManagerProcess) => get<AccountAnswer>(`/api/v1/accounts/${openKfId}`, manager);
const codes = async () => (await account()).causes.map(({ code, severity }) => `${code} ${severity}`);
const waiting = async (manager?: ManagerProcess) => (await account(manager)).unanswered?.customers;

async function given(text: string) {
  await until(() => bot.texts.includes(text));
  const found = bot.given.find((one) => one.text === text);
  if (found === undefined) throw new Error('it was not given');
  return found;
}

async function asked(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    say(name, `question of ${name}`);
    await given(`question of ${name}`);
  }
}

async function answered(...names: readonly string[]): Promise<void> {
  for (const name of names) expect(await bot.reply(await given(`question of ${name}`), 'an answer')).toBe(0);
}

it.each([
  ['whose messages the manager pulls', { takes: 'message' }],
  ['whose program pulls through the manager', { takes: 'event', api: 'manager' }],
])('an account %s names several customers who get no word, until each has a reply', async (_what, fields) => {
  await add(fields);
  await asked('A', 'B', 'C');
  await answered('A');
  expect(await account()).toMatchObject({
    ...{ state: 'working', causes: [] },
    unanswered: { customers: 2, since: expect.any(String) },
  });
  time.goAhead(LONG_MS + 2_000);
  const { state, causes } = await account();
  expect({ state, causes }).toMatchObject({
    state: 'silent',
    causes: [{ code: 'customers_unanswered', severity: 'bad', count: 2 }],
  });
  const { verdict } = await get<StatusAnswer>('/api/v1/status');
  expect(verdict).toMatchObject({ state: 'failing' });
  expect(verdict.causes).toContainEqual(
    expect.objectContaining({ code: 'customers_unanswered', openKfId, count: 2 }),
  );
  await asked('D', 'E', 'F', 'G');
  await answered('D', 'E', 'F', 'G');
  expect(await codes()).toEqual(['customers_unanswered wait']);
  expect((await account()).state).toBe('working');
  await answered('B', 'C');
  expect(await account()).toMatchObject({
    ...{ state: 'working', causes: [] },
    unanswered: { customers: 0, since: null },
  });
});

it('one customer who asks again and again is a cause, and one who thanks for an answer is none', async () => {
  await add({ takes: 'message' });
  await asked('A');
  await answered('A');
  time.goAhead(2_000);
  say('A', 'thanks');
  await given('thanks');
  for (const text of ['hello?', 'is anybody there?', 'please']) {
    time.goAhead(2_000);
    say('B', text);
    await given(text);
  }
  time.goAhead(LONG_MS);
  await asked('C');
  await answered('C');
  expect(await waiting()).toBe(2);
  expect((await account()).causes).toMatchObject([{ code: 'customers_unanswered', count: 1 }]);
  await bot.reply(await given('please'), 'an answer');
  expect(await codes()).toEqual([]);
});

it('the words of a person to one customer answer no other: the bot that answers nobody is silent', async () => {
  await add({ takes: 'message', session: SESSION });
  await asked('A');
  say('B', '人工');
  await until(() => conversation('B').session(wecom.corp.nowMs).state === 2);
  wecom.corp.act(conversation('B'), { type: 'take', servicerUserid: 'lisi' });
  for (let seconds = 0; seconds <= REPLY_WITHIN_S; seconds += 2) {
    time.goAhead(2_000);
    wecom.corp.servicerWrites(conversation('B'), 'lisi', `words ${seconds}`);
  }
  await until(async () => (await waiting()) === 1);
  expect(await account()).toMatchObject({
    state: 'silent',
    causes: [{ code: 'silent', severity: 'bad' }],
  });
  await answered('A');
  expect(await account()).toMatchObject({ state: 'working', causes: [], unanswered: { customers: 0 } });
});

it('a customer waits for a person until the first words of the person who took them', async () => {
  await add({ takes: 'message', session: SESSION });
  say('A', '人工');
  await until(async () => (await account()).sessions?.pool === 1);
  wecom.corp.act(conversation('A'), { type: 'take', servicerUserid: 'lisi' });
  await until(async () => (await account()).sessions?.people === 1);
  expect((await account()).causes).toEqual([]);
  time.goAhead(PEOPLE_WAIT_ALARM_S * 1_000);
  await until(async () => (await codes()).length > 0);
  expect((await account()).causes).toMatchObject([{ code: 'people_wait', count: 1 }]);
  expect((await account()).sessions).toMatchObject({ people: 1, unmet: 1, unmetSince: expect.any(String) });
  wecom.corp.servicerWrites(conversation('A'), 'lisi', 'good morning');
  await until(async () => (await codes()).length === 0);
  expect((await account()).sessions).toMatchObject({ people: 1, unmet: 0, unmetSince: null });
});

it('who waits is not known where a program reads from WeCom by itself', async () => {
  bot.habit = 'never';
  await add({ takes: 'event' });
  say('A', 'hi');
  await until(async () => (await account()).lastMessageAt !== null);
  expect((await account()).unanswered).toBeNull();
});

it('who waits is known after a kill, and after 48 hours nobody does', async () => {
  await add({ takes: 'message' });
  await asked('A', 'B');
  await answered('A');
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await scene.restart(signal);
    await until(async () => (await waiting()) === 1);
  }
  time.goAhead(48 * 3_600_000);
  expect(await waiting()).toBe(0);
});

mongoSuite('replicas', () => {
  it('know of each other who waits, and who got a reply', async () => {
    const shared = await Scene.open({ place: mongoPlace(), accounts: 1, customers: CUSTOMERS });
    const other = await shared.startManager();
    try {
      openKfId = shared.newAccount();
      await bot.addTo(shared.url, shared.wecom, openKfId, { takes: 'message' });
      const both = async () => [await waiting(shared.manager), await waiting(other)];
      for (const { externalUserId } of shared.wecom.customers.slice(0, 2))
        shared.wecom.say('hi', { openKfId, externalUserId });
      await until(async () => (await both()).every((count) => count === 2));
      await until(() => bot.given.length > 0);
      bot.base = bot.base.replace(shared.url, other.url);
      expect(await bot.reply(await given('hi'), 'an answer')).toBe(0);
      await until(async () => (await both()).every((count) => count === 1));
    } finally {
      await other.stop();
      await shared.close();
    }
  });
});
