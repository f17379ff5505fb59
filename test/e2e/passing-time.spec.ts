/** What days and hours do to messages and sessions: the built manager and the local WeCom go ahead together. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { MessagePageAnswer } from '../../src/api/waiting/messages.dto.js';
import type { SessionSettings } from '../../src/registry/bots/session.dto.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { PullingBot } from '../support/pulling-bot.js';
import { Scene } from '../support/scene.js';
import { ShiftedTime } from '../support/shifted-time.js';
import { until } from '../support/until.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CUSTOMERS = ['anna', 'ben', 'carl'];
const PEOPLE = { keywords: ['agent'], to: 'pool' as const, waiting: 'wait', nobody: 'nobody is here' };
const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;

const time = new ShiftedTime();
let scene: Scene;
let wecom: Simulator;
let bot: PullingBot;
let openKfId: string;

beforeAll(async () => {
  scene = await Scene.open({ accounts: 10, customers: CUSTOMERS, clock: time, env: time.env });
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

afterEach(async () => {
  wecom.faults.dropCallbacks = false;
  await bot.close();
});

/** It looks at all that waits when it starts, and every 20 s after that. */
async function restart(): Promise<void> {
  await scene.restart();
  bot.base = bot.base.replace(/^http:\/\/[^/]+/, scene.url);
}

const add = (session: SessionSettings | null = null) => bot.addTo(scene.url, wecom, openKfId, { session });

const messages = async (state: 'waiting' | 'dead'): Promise<MessagePageAnswer['items']> =>
  (await scene.ask<MessagePageAnswer>('GET', `/api/v1/messages?state=${state}&openKfId=${openKfId}`)).items;
const wait = (count: number) => until(async () => (await messages('waiting')).length === count);

const customer = (n: number): string => wecom.customers[n]?.externalUserId ?? '';
const say = (text: string, n = 0) => wecom.say(text, { openKfId, externalUserId: customer(n) });
/** Without telling of it. */
function sayUntold(text: string, n = 0): void {
  wecom.faults.dropCallbacks = true;
  say(text, n);
  wecom.faults.dropCallbacks = false;
}
const isGiven = (text: string) => until(() => bot.texts.includes(text));
const shown = (n = 0) =>
  wecom.corp.chat.messages
    .filter((one) => one.openKfId === openKfId && one.externalUserId === customer(n) && one.from === 'bot')
    .map(({ body }) => (body as { readonly content?: string }).content);
const isShown = (text: string, n = 0) => until(() => shown(n).includes(text));
/** Of the account and the customer, in the words of the API. */
const calls = (api: string, n = 0) =>
  wecom.calls.records.filter(
    ({ api: name, request: asked }) =>
      name === api && asked.includes(openKfId) && asked.includes(customer(n)),
  );

describe('a message', () => {
  it('that waited for 3 days is dead and can be sent again, and 3 days after it died it is deleted; a younger one is given', async () => {
    await add();
    bot.isAway = true;
    say('one');
    say('two');
    await wait(2);
    time.goAhead(3 * DAY_MS - HOUR_MS);
    say('younger');
    await wait(3);
    await scene.manager.stop();
    bot.isAway = false;
    time.goAhead(HOUR_MS);
    await restart();
    await until(async () => (await messages('dead')).length === 2);
    expect((await messages('dead')).map(({ lastFailure }) => lastFailure?.stage)).toEqual([
      'expired',
      'expired',
    ]);
    await isGiven('younger');
    const [first] = await messages('dead');
    const path = `/api/v1/messages/${openKfId}/${first?.webhookId}/replay`;
    await scene.ask('POST', path);
    await until(() => bot.texts.length === 2);
    expect(bot.texts).toEqual(['younger', expect.stringMatching(/^(one|two)$/)]);
    time.goAhead(3 * DAY_MS - HOUR_MS);
    await restart();
    expect(await messages('dead')).toHaveLength(1);
    time.goAhead(HOUR_MS);
    await restart();
    await until(async () => (await messages('dead')).length === 0);
  });

  it('of several texts as one waits for at most 30 s from the first of them', async () => {
    await add({ mergeS: 10 });
    const startedMs = time.nowMs();
    const goTo = (ms: number) => time.goAhead(Math.max(0, startedMs + ms - time.nowMs()));
    for (const [n, text] of ['1', '2', '3', '4', '5', '6'].entries()) {
      goTo(n * 5_000);
      say(text);
      await wait(n + 1);
    }
    goTo(29_500);
    say('7');
    await until(() => bot.texts.length > 0);
    expect(bot.texts[0]).toMatch(/^1\n2\n3\n4\n5\n6/);
    // Without that, it would be 10 s after the last of them.
    expect(time.nowMs() - startedMs).toBeLessThan(35_000);
  });
});

describe('a session', () => {
  it('whose state was learnt 48 hours ago is asked for with the next message', async () => {
    await add({ people: PEOPLE });
    say('1');
    await isGiven('1');
    time.goAhead(47 * HOUR_MS);
    say('2');
    await isGiven('2');
    expect(calls('kf/service_state/get')).toHaveLength(1);
    // Nothing tells of it.
    const conversation = wecom.corp.conversation(openKfId, customer(0));
    wecom.corp.act(conversation, { type: 'transfer', to: 2, servicerUserid: null });
    time.goAhead(HOUR_MS);
    say('for people');
    await until(() => calls('kf/service_state/get').length === 2);
    say('the bot’s', 1);
    await isGiven('the bot’s');
    expect(bot.texts).toEqual(['1', '2', 'the bot’s']);
  });

  it('is handed over by no message that is 48 hours old, and by a younger one', async () => {
    await add({ people: PEOPLE });
    say('Hello', 2);
    await isGiven('Hello');
    sayUntold('agent', 0);
    time.goAhead(HOUR_MS);
    sayUntold('agent', 1);
    time.goAhead(47 * HOUR_MS);
    say('next', 2);
    await isShown('wait', 1);
    await isGiven('next');
    expect(bot.texts).toEqual(['Hello', 'agent', 'next']);
    expect([calls('kf/service_state/trans', 0), calls('kf/service_state/trans', 1)]).toEqual([
      [],
      [expect.anything()],
    ]);
  });

  it('is handed over in hours that go over midnight, and not after them', async () => {
    const untilEvening = 23 * HOUR_MS - (time.nowMs() % DAY_MS);
    time.goAhead(untilEvening < 0 ? untilEvening + DAY_MS : untilEvening);
    const today = DAYS.find((day) => day % 7 === new Date(time.nowMs()).getUTCDay()) ?? 1;
    const open = [{ days: [today], from: '22:00', to: '02:00' }];
    await add({ people: PEOPLE, hours: { timeZone: 'UTC', open, closed: 'we are closed' } });
    say('agent', 0);
    await isShown('wait', 0);
    time.goAhead(2 * HOUR_MS);
    say('agent', 1);
    await isShown('wait', 1);
    time.goAhead(2 * HOUR_MS);
    say('agent', 2);
    await isShown('we are closed', 2);
    // The next evening is of another day.
    time.goAhead(20 * HOUR_MS);
    say('agent', 2);
    await until(() => shown(2).length === 2);
    expect(shown(2)).toEqual(['we are closed', 'we are closed']);
  });
});
