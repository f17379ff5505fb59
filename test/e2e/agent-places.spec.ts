/** Answers of agents that take long: who waits for them, and who does not. On the embedded store, and replicas on MongoDB. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { AccountAnswer } from '../../src/api/accounts/account.dto.js';
import { STAND_IN_KEY, StandInService } from '../../packages/simulator/services/stand-in-service.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { connectApp, saveCallback } from '../support/connected-app.js';
import { mongoPlace } from '../support/each-store.js';
import type { ManagerProcess } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { type Place, sealedPlace } from '../support/place.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

const CUSTOMERS = Array.from({ length: 8 }, (_, n) => `customer ${n}`);
/** A question whose answer waits until the test lets it go. */
const SLOW = 'slow';

let scene: Scene;
let wecom: Simulator;
let service: StandInService;
/** Of answers that are held back, the oldest first. */
let held: (() => void)[];
let botId: string;

beforeAll(async () => {
  scene = await Scene.open({ accounts: 41, customers: CUSTOMERS });
  ({ wecom } = scene);
});

afterAll(() => scene.close());

beforeEach(async () => {
  held = [];
  service = await StandInService.start({ after: (_ms, run) => held.push(run) });
  service.faults.delayMs = () => Number(service.asked.at(-1)?.text.startsWith(SLOW));
});

afterEach(async () => {
  await scene.request('DELETE', `/api/v1/bots/${botId}`);
  await service.close();
});

async function add(agent: object = {}): Promise<void> {
  const bot = await scene.addBot({
    ...{ name: 'Agent', openKfIds: wecom.accounts.map(({ openKfId }) => openKfId), kind: 'agent' },
    agent: { form: 'dify', url: service.urlOf('dify'), key: STAND_IN_KEY, ...agent },
  });
  botId = bot.id;
}

async function change(changed: object): Promise<void> {
  expect((await scene.request('PATCH', `/api/v1/bots/${botId}`, changed)).status).toBe(200);
}

const accountOf = (n: number): string => wecom.accounts[n]?.openKfId ?? '';
const customer = (n: number): string => wecom.customers[n]?.externalUserId ?? '';
const say = (text: string, who: number, account = 0) =>
  wecom.say(text, { openKfId: accountOf(account), externalUserId: customer(who) });
/** What the customer was sent, in order. */
const sentTo = (who: number, account = 0): string[] =>
  wecom.corp.chat.messages
    .filter(({ openKfId, externalUserId, from }) => {
      return openKfId === accountOf(account) && externalUserId === customer(who) && from === 'bot';
    })
    .map(({ body }) => String((body as { content?: string }).content));
const hasLast = (text: string, who: number, account = 0) => until(() => sentTo(who, account).at(-1) === text);
const lastFailure = async () =>
  ((await (await scene.request('GET', `/api/v1/bots/${botId}`)).json()) as BotCreatedAnswer).lastFailure
    ?.stage;
/** Whether the service gets nothing but probes. */
const isProbed = async () => {
  const account = await scene.request('GET', `/api/v1/accounts/${accountOf(0)}`);
  return ((await account.json()) as AccountAnswer).causes.some(({ code }) => code === 'circuits');
};
const waiting = async () => {
  const response = await scene.request('GET', '/api/v1/messages?state=waiting&limit=200');
  return ((await response.json()) as { items: unknown[] }).items.length;
};

async function letGo(): Promise<void> {
  service.faults.delayMs = () => 0;
  for (const run of held.splice(0)) run();
  await until(async () => (await waiting()) === 0);
}

describe('while the answer of a customer takes long', () => {
  beforeEach(async () => {
    await add();
    say(SLOW, 0);
    await until(() => held.length === 1);
  });

  it('a failing answer of another customer holds up that customer alone', async () => {
    service.faults.hangsUpOn = ({ text }) => text === 'broken';
    say('broken', 1);
    await until(async () => (await lastFailure()) === 'reset');
    say('Hello', 2);
    await hasLast('Hello', 2);
    service.faults.hangsUpOn = () => false;
    await hasLast('broken', 1);
    expect(held).toHaveLength(1);
    await letGo();
    await hasLast(SLOW, 0);
  });

  it('a service that fails for all others is probed, and answers them once it is well', async () => {
    service.faults.hangsUpOn = ({ text }) => text === 'broken';
    for (const who of [1, 2, 3, 4, 5, 6, 7]) say('broken', who);
    await until(isProbed);
    service.faults.hangsUpOn = () => false;
    for (const who of [1, 2, 3, 4, 5, 6, 7]) await hasLast('broken', who);
    expect(held).toHaveLength(1);
    await letGo();
  });

  it('changed settings of the bot count for whoever writes next', async () => {
    await change({ agent: { reset: ['Begin anew'] } });
    say('Begin anew', 1);
    await hasLast('All right, let us begin anew.', 1);
    say('Hello', 2);
    await hasLast('Hello', 2);
    expect(held).toHaveLength(1);
    await letGo();
    await hasLast(SLOW, 0);
  });
});

it('a question whose answer failed is asked again after a second, and not only when a lease lapses', async () => {
  await add();
  service.faults.refusal = 'error';
  say('Hello', 0);
  await until(async () => (await lastFailure()) === 'status');
  const failedMs = performance.now();
  service.faults.refusal = null;
  await hasLast('Hello', 0);
  // A lease is for 15 s.
  expect(performance.now() - failedMs).toBeLessThan(10_000);
});

describe('the calls of an agent that are under way', () => {
  it('are up to its concurrency, over any number of accounts and of customers of one account', async () => {
    await add({ concurrency: 100 });
    for (let account = 0; account < 40; account++) say(SLOW, 0, account);
    await until(() => held.length === 40);
    say('Hello', 0, 40);
    await hasLast('Hello', 0, 40);
    for (const who of [1, 2, 3]) say(SLOW, who, 0);
    await until(() => held.length === 43);
    await letGo();
  });

  it('are no more than its concurrency, and its accounts take turns', async () => {
    await add({ concurrency: 2 });
    for (const who of [0, 1, 2, 3, 4, 5]) say(`${SLOW} ${who}`, who, 0);
    await until(() => held.length === 2);
    say(`${SLOW} other`, 0, 1);
    say(`${SLOW} third`, 0, 2);
    await until(async () => (await waiting()) === 8);
    for (let left = 8; left > 0; left--) {
      await until(() => service.underWay === Math.min(2, left));
      held.shift()?.();
    }
    await until(async () => (await waiting()) === 0);
    expect(service.underWayMax).toBe(2);
    const order = service.asked.map(({ text }) => text);
    // The first account has six customers who wait, and the others have one each.
    for (const text of [`${SLOW} other`, `${SLOW} third`]) expect(order.indexOf(text)).toBeLessThan(6);
  });

  it('end at a stop, and their questions are asked again after it', async () => {
    await add({ concurrency: 100 });
    for (let account = 0; account < 40; account++) say(SLOW, 0, account);
    await until(() => held.length === 40);
    expect(await scene.restart()).toBe(0);
    await until(() => held.length === 80);
    await letGo();
    for (let account = 0; account < 40; account++) await hasLast(SLOW, 0, account);
    expect(sentTo(0, 39).filter((text) => text === SLOW)).toHaveLength(2);
  });
});

mongoSuite('two replicas', () => {
  let both: Place;
  let one: ManagerProcess;
  let two: ManagerProcess;
  let alone: ManagerProcess;

  beforeAll(async () => {
    both = sealedPlace(mongoPlace());
    alone = scene.manager;
    [one, two] = await Promise.all([scene.startManager(both), scene.startManager(both)]);
    scene.manager = one;
    await connectApp(wecom, one);
  });

  afterAll(async () => {
    scene.manager = alone;
    await Promise.all([one.stop(), two.stop()]);
    await both.discard();
  });

  it('while one waits for the answer of a customer, it sees what the other has pulled', async () => {
    await add();
    say(SLOW, 0);
    await until(() => held.length === 1);
    // Whichever of them waits: each pulls what it is told of.
    for (const [who, replica] of [one, two].entries()) {
      await saveCallback(wecom, replica);
      say(`told to ${who}`, who + 1);
      await hasLast(`told to ${who}`, who + 1);
    }
    expect(held).toHaveLength(1);
    await letGo();
  });
});
