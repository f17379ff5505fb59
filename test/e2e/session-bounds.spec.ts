/** Where sessions end that `docs/sessions.md` describes: WeCom refuses or is silent, settings change, servicers take turns. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { AccountAnswer } from '../../src/api/accounts/account.dto.js';
import type { LoggedDeliveryPageAnswer } from '../../src/api/log/logged-delivery.dto.js';
import type { SessionSettings } from '../../src/registry/bots/session.dto.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { PullingBot } from '../support/pulling-bot.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

const CUSTOMERS = ['anna', 'ben', 'carl', 'dora'];
const AHEAD_MAX = 5;
const PEOPLE = { keywords: ['Agent'], to: 'pool' as const, waiting: 'wait', nobody: 'nobody is here' };

let scene: Scene;
let wecom: Simulator;
let bot: PullingBot;
let openKfId: string;

beforeAll(async () => {
  scene = await Scene.open({ customers: CUSTOMERS, env: { MESSAGES_AHEAD_MAX: String(AHEAD_MAX) } });
  ({ wecom } = scene);
});

afterAll(() => scene.close());

beforeEach(async () => {
  openKfId = scene.newAccount();
  bot = await PullingBot.start();
});

afterEach(async () => {
  scene.sends.apis.clear();
  await bot.close();
});

const add = (session: SessionSettings | null, fields: object = {}) =>
  bot.addTo(scene.url, wecom, openKfId, { session, ...fields });

async function change(id: string, fields: object): Promise<BotCreatedAnswer> {
  const response = await scene.request('PATCH', `/api/v1/bots/${id}`, fields);
  expect(response.status).toBe(200);
  return (await response.json()) as BotCreatedAnswer;
}

/** Of a call of `kf/service_state/trans`. */
interface Tried {
  readonly servicer_userid: string;
}

const customer = (n: number): string => wecom.customers[n]?.externalUserId ?? '';
const say = (text: string, n = 0) => wecom.say(text, { openKfId, externalUserId: customer(n) });
const conversation = (n = 0) => wecom.corp.conversation(openKfId, customer(n));
const session = (n = 0) => conversation(n).session(wecom.corp.nowMs);
const shown = (n = 0) =>
  wecom.corp.chat.messages
    .filter((one) => one.openKfId === openKfId && one.externalUserId === customer(n) && one.from === 'bot')
    .map(({ body }) => (body as { readonly content?: string }).content);
const isShown = (text: string, n = 0) => until(() => shown(n).includes(text));
const isGiven = (text: string) => until(() => bot.texts.includes(text));

/** By the bot's own base, as a program sends it. */
async function call(api: string, fields: object): Promise<object> {
  const { corpId: corpid, corpSecret: corpsecret } = wecom;
  const credentials = new URLSearchParams({ corpid, corpsecret });
  const token = (await (await fetch(`${bot.base}/gettoken?${credentials}`)).json()) as {
    readonly access_token: string;
  };
  const body = JSON.stringify({ open_kfid: openKfId, ...fields });
  const path = `${bot.base}/${api}?access_token=${token.access_token}`;
  return (await (await fetch(path, { method: 'POST', body })).json()) as object;
}

async function records(): Promise<LoggedDeliveryPageAnswer['items']> {
  const answer = await scene.request('GET', `/api/v1/deliveries?openKfId=${openKfId}&limit=100`);
  return ((await answer.json()) as LoggedDeliveryPageAnswer).items;
}
const account = async () =>
  (await (await scene.request('GET', `/api/v1/accounts/${openKfId}`)).json()) as AccountAnswer;
const hasOutcome = (outcome: string) =>
  until(async () => (await records()).some((one) => one.outcome === outcome));

it('a message goes to the bot when WeCom does not answer who has the customer', async () => {
  await add({ people: PEOPLE });
  scene.sends.apis.set('kf/service_state/get', 'silent');
  say('Hello');
  await isGiven('Hello');
});

it('a message that asks for a person goes to the bot when WeCom does not answer', async () => {
  await add({ people: PEOPLE });
  say('Hello');
  await isGiven('Hello');
  scene.sends.apis.set('kf/service_state/trans', 'silent');
  say('agent');
  await isGiven('agent');
  expect(shown()).toEqual([]);
});

it('a customer for whom WeCom refuses the app is told that nobody is there, and without that text the bot gets the message', async () => {
  const { id } = await add({ people: PEOPLE });
  scene.sends.apis.set('kf/servicer/list', 48_002);
  say('AGENT ');
  await isShown('nobody is here');
  await hasOutcome('handed_over');
  const { nobody: _, ...people } = PEOPLE;
  await change(id, { session: { people } });
  say('agent');
  await isGiven('agent');
  expect(bot.texts).toEqual(['agent']);
});

it('a message that asks for a person is theirs when the same pull tells that one has taken over', async () => {
  await add({ people: PEOPLE });
  say('Hello');
  await isGiven('Hello');
  scene.sends.apis.set('kf/sync_msg', -1);
  say('agent');
  wecom.corp.act(conversation(), { type: 'take', servicerUserid: 'lisi' });
  scene.sends.apis.clear();
  await hasOutcome('people');
  expect([bot.texts.includes('agent'), shown()]).toEqual([false, []]);
});

it('a message that asks for a person goes to the bot when the state of the session forbids that', async () => {
  await add({ people: PEOPLE });
  say('Hello');
  await isGiven('Hello');
  // Nothing tells of it.
  wecom.corp.act(conversation(), { type: 'transfer', to: 3, servicerUserid: 'lisi' });
  say('agent');
  await isGiven('agent');
  say('for people');
  await hasOutcome('people');
  expect([bot.texts, shown()]).toEqual([['Hello', 'agent'], []]);
});

it('servicers who are named take customers in turn, and who serves is asked for once', async () => {
  await add({ people: { ...PEOPLE, to: { servicers: ['zhangsan', 'lisi'] } } });
  const before = wecom.calls.records.at(-1)?.id ?? 0;
  for (const n of [0, 1, 2, 3]) {
    say('agent', n);
    await isShown('wait', n);
  }
  const servicers = [0, 1, 2, 3].map((n) => session(n).servicerUserid);
  expect(servicers).toEqual(['zhangsan', 'lisi', 'zhangsan', 'lisi']);
  const lists = wecom.calls.records.filter(({ id, api }) => id > before && api === 'kf/servicer/list');
  expect(lists).toHaveLength(1);
});

it('at most three servicers who are named are tried for a customer, who is then told that nobody is there', async () => {
  const servicers = ['zhangsan', 'lisi', 'wangwu', 'zhaoliu'];
  for (const userid of servicers) wecom.corp.servicers.add(openKfId, userid);
  await add({ people: { ...PEOPLE, to: { servicers } } });
  scene.sends.apis.set('kf/service_state/trans', 95_014);
  scene.sends.refused.length = 0;
  say('agent');
  await isShown('nobody is here');
  const tried = scene.sends.refused.map(({ asked }) => (JSON.parse(asked) as Tried).servicer_userid);
  expect(tried).toEqual(servicers.slice(0, 3));
});

it('a customer in the state 1, with an assistant of WeCom, is the bot’s, and can be handed over', async () => {
  await add({ people: PEOPLE });
  scene.sends.apis.set('kf/sync_msg', -1);
  say('Hello');
  // Nothing tells of it.
  wecom.corp.act(conversation(), { type: 'transfer', to: 1, servicerUserid: null });
  scene.sends.apis.clear();
  await isGiven('Hello');
  say('agent');
  await isShown('wait');
  expect([session().state, bot.texts]).toEqual([2, ['Hello']]);
});

it('while MESSAGES_AHEAD_MAX messages of the account wait, nobody is welcomed or handed over', async () => {
  await add({ people: PEOPLE, welcome: { text: 'Welcome' } });
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  bot.work = () => released;
  for (let n = 0; n < AHEAD_MAX; n++) say(`${n}`);
  await until(async () => (await account()).waiting?.messages === AHEAD_MAX);
  wecom.corp.enter(openKfId, customer(1));
  say('agent');
  await scene.manager.line(
    ({ msg, openKfId: of, reason }) =>
      msg === 'hint.attempted' && of === openKfId && String(reason).includes('wait already'),
  );
  expect([shown(0), shown(1)]).toEqual([[], []]);
  release();
  await isShown('Welcome', 1);
  await isShown('wait', 0);
});

it('a program that hands over is told that nobody is there, or that it is closed, and the bot goes on', async () => {
  const { id, key } = await add({ people: PEOPLE });
  say('Hello');
  await isGiven('Hello');
  const handOver = async () => {
    const body = { openKfId, externalUserId: customer(0) };
    const answer = await scene.request('POST', '/puppetWxkfManager/sessions/handOver', body, key);
    return ((await answer.json()) as { readonly outcome: string }).outcome;
  };
  for (const { userid } of wecom.corp.servicers.list(openKfId))
    wecom.corp.setServicerStatus(openKfId, userid, 'stopped');
  await until(() => bot.given.length >= 3);
  expect(await handOver()).toBe('nobody');
  await isShown('nobody is here');
  const open = [{ days: [1 + ((new Date().getUTCDay() + 2) % 7)], from: '00:00', to: '01:00' }] as const;
  await change(id, {
    session: { people: PEOPLE, hours: { timeZone: 'UTC', open, closed: 'we are closed' } },
  });
  expect(await handOver()).toBe('closed');
  await isShown('we are closed');
  say('then you');
  await isGiven('then you');
});

it('a program that asks WeCom for the state through the manager makes the bot silent', async () => {
  await add({});
  say('Hello');
  await isGiven('Hello');
  // Nothing tells of it.
  wecom.corp.act(conversation(), { type: 'transfer', to: 2, servicerUserid: null });
  const answer = await call('kf/service_state/get', { external_userid: customer(0) });
  expect(answer).toMatchObject({ errcode: 0, service_state: 2 });
  say('for people');
  await hasOutcome('people');
  expect(bot.texts).toEqual(['Hello']);
});

it('events and messages of servicers reach the bot while people have the customer', async () => {
  await add({}, { include: ['servicer'] });
  say('Hello');
  await isGiven('Hello');
  wecom.corp.act(conversation(), { type: 'take', servicerUserid: 'lisi' });
  say('for people');
  wecom.corp.servicerWrites(conversation(), 'lisi', 'How can I help?');
  await isGiven('How can I help?');
  await hasOutcome('people');
  expect(bot.texts).toEqual(['Hello', 'event', 'How can I help?']);
});

it('a welcome that WeCom refuses is in the log with its errcode, under the id of the event', async () => {
  await add({ welcome: { text: 'Welcome' } });
  scene.sends.apis.set('kf/send_msg_on_event', 95_007);
  wecom.corp.enter(openKfId, customer(0));
  await until(() => bot.given.length > 0);
  await until(async () => (await records()).some((one) => one.kind === 'text'));
  expect((await records()).find(({ kind }) => kind === 'text')).toMatchObject({
    outcome: 'not_taken',
    reason: expect.stringContaining('95007'),
    webhookId: bot.given[0]?.webhookId,
  });
});

it('a change of the settings replaces all of them, null takes them away, and a bot that takes events has none', async () => {
  const { id } = await add({ people: PEOPLE, ended: { text: 'bye' } });
  expect(await change(id, { session: { mergeS: 2 } })).toMatchObject({ session: { mergeS: 2 } });
  say('agent');
  await isGiven('agent');
  expect(await change(id, { session: null })).toMatchObject({ session: null });
  await change(id, { session: {} });
  expect(await change(id, { takes: 'event' })).toMatchObject({ takes: 'event', session: null });
});

it('a reply that WeCom took and could not send counts as one that failed', async () => {
  await add({});
  say('Hello');
  await isGiven('Hello');
  conversation().failsNextAs = 2;
  const reply = { touser: customer(0), msgtype: 'text', text: { content: 'reply' } };
  expect(await call('kf/send_msg', reply)).toMatchObject({ errcode: 0 });
  await until(async () => (await account()).state === 'failing');
  expect(await account()).toMatchObject({ causes: [{ code: 'replies_fail', why: 'fail_type:2' }] });
});
