/** The wall clock of a manager steps: by more than a lease lasts, while a bot is at work; back, and far ahead, while something waits. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Simulator } from '../../packages/simulator/simulator.js';
import type { MessagePageAnswer } from '../../src/api/waiting/messages.dto.js';
import type { StatusAnswer } from '../../src/api/status/status.dto.js';
import { type ManagerProcess, STEPPING_CLOCK } from '../support/manager-process.js';
import { type PuppetServer, register, startPuppetServer, TAKE } from '../support/puppet-server.js';
import { Scene } from '../support/scene.js';
import { ShiftedTime } from '../support/shifted-time.js';
import { until } from '../support/until.js';
import { kfMessageXml, newApp, newOpenKfId, nowS, postCallback, sealCallback } from '../support/wecom.js';

const ORDERS = ['account', 'customer'] as const;

let scene: Scene;
let wecom: Simulator;
let puppet: PuppetServer;

beforeAll(async () => {
  [scene, puppet] = await Promise.all([
    Scene.open({ accounts: ORDERS, env: STEPPING_CLOCK }),
    startPuppetServer(),
  ]);
  ({ wecom } = scene);
  // Before any step: a bot is given what customers write from when it was added on.
  for (const order of ORDERS) {
    await scene.addBot({
      ...{ openKfIds: [openKfIdOf(order)], order },
      ...{ kind: 'callback', takes: 'message', callback: { url: puppet.url, form: 'json' } },
    });
  }
});

afterAll(async () => {
  await scene.close();
  await puppet.close();
});

beforeEach(() => {
  puppet.received.length = 0;
});

const openKfIdOf = (order: (typeof ORDERS)[number]) => wecom.accounts[ORDERS.indexOf(order)]?.openKfId ?? '';

/** The bot answers the next request well, once the clock has stepped. */
async function stepWhileAtWork(): Promise<void> {
  const { promise: asked, resolve } = Promise.withResolvers<ServerResponse>();
  puppet.behave((_request, response) => resolve(response));
  const response = await asked;
  puppet.behave(TAKE);
  const before = stepsOf(scene.manager);
  process.kill(scene.manager.pid, 'SIGUSR2');
  await until(() => stepsOf(scene.manager) > before);
  response.end('success');
  await once(response, 'close');
}

const stepsOf = ({ log }: ManagerProcess) => log.filter(({ msg }) => msg === 'clock.stepped').length;

describe('when the clock steps while a bot is at work', () => {
  it.each(ORDERS)('a message that it took is not given again, with the order of %s', async (order) => {
    const openKfId = openKfIdOf(order);
    const texts = () =>
      puppet.received.map(
        ({ body }) => (JSON.parse(body) as { text?: { content: string } }).text?.content ?? 'none',
      );
    const stepped = stepWhileAtWork();
    wecom.say('one', { openKfId });
    await stepped;
    await until(async () => {
      const { items } = await scene.ask<{ items: unknown[] }>('GET', `/api/v1/messages?openKfId=${openKfId}`);
      return items.length === 0;
    });
    wecom.say('two', { openKfId });
    await until(() => texts().includes('two'));
    expect(texts()).toEqual(['one', 'two']);
  });

  it('an event that waited and that it took is not given again', async () => {
    const [app, openKfId] = [newApp(), newOpenKfId()];
    await register(scene.url, app, openKfId, puppet.url);
    puppet.behave((_request, response) => response.writeHead(503).end());
    const callback = sealCallback(app, kfMessageXml(app, openKfId, 'token', nowS()));
    expect((await postCallback(scene.url, app, callback)).status).toBe(200);
    await stepWhileAtWork();
    await until(async () => {
      const { hint } = await scene.ask<{ hint: unknown }>('GET', `/api/v1/accounts/${openKfId}`);
      return hint === null;
    });
    expect(puppet.received).toHaveLength(2);
  });
});

describe('when the clock of the manager is wrong, and that of WeCom is right', () => {
  const HOUR_MS = 3_600_000;
  const DAY_MS = 24 * HOUR_MS;
  const time = new ShiftedTime();
  const timeOfWecom = new ShiftedTime();
  let own: Scene;
  let openKfId: string;

  beforeAll(async () => {
    own = await Scene.open({ customers: ['anna', 'ben'], clock: timeOfWecom, env: time.env });
  });

  afterAll(async () => {
    await own.close();
    time.discard();
    timeOfWecom.discard();
  });

  /** A bot that refuses, until it is told otherwise. */
  async function addRefusing(fields: object): Promise<void> {
    openKfId = own.newAccount();
    puppet.behave((_request, response) => response.writeHead(503).end());
    await own.addBot({
      ...{ openKfIds: [openKfId], kind: 'callback', takes: 'message' },
      ...{ callback: { url: puppet.url, form: 'json' }, ...fields },
    });
  }
  const say = (text: string, n = 0) =>
    own.wecom.say(text, { openKfId, externalUserId: own.wecom.customers[n]?.externalUserId ?? '' });
  const texts = () =>
    puppet.received.map(
      ({ body }) => (JSON.parse(body) as { text?: { content: string } }).text?.content ?? 'none',
    );
  const messages = async (state: 'waiting' | 'dead') =>
    (await own.ask<MessagePageAnswer>('GET', `/api/v1/messages?state=${state}&openKfId=${openKfId}`)).items;

  describe('set back by an hour', () => {
    /** It was added before the clock was wrong, else what comes in would be older than the bot. */
    async function sayToRefusing(fields: object): Promise<void> {
      await addRefusing(fields);
      time.goTo(HOUR_MS);
      say('one');
      say('two', 1);
      await until(async () => texts().length > 0 && (await messages('waiting')).length === 2);
      time.goTo(0);
    }
    const isDueSoon = (dueAt: string | null) => Date.parse(dueAt ?? '') < Date.now() + HOUR_MS / 2;

    it.each(ORDERS)(
      'messages that wait are given within their usual pause, with the order of %s, and so are those that come',
      async (order) => {
        await sayToRefusing({ order });
        // A probe, which the patrol causes sooner or later, would change this of the first one alone.
        await until(async () => (await messages('waiting')).every(({ dueAt }) => isDueSoon(dueAt)));
        puppet.behave(TAKE);
        say('three', 1);
        await until(() => texts().includes('three'));
        await until(async () => (await messages('waiting')).length === 0);
      },
    );

    it('a message that waits is given after a restart', async () => {
      await addRefusing({});
      time.goTo(HOUR_MS);
      say('one');
      await until(() => texts().length > 0);
      await own.manager.stop();
      time.goTo(0);
      puppet.behave(TAKE);
      await own.restart();
      await until(async () => (await messages('waiting')).length === 0);
    });

    it('messages that wait for a bot that goes on refusing are late', async () => {
      await sayToRefusing({});
      await until(async () => {
        const { verdict } = await own.ask<StatusAnswer>('GET', '/api/v1/status');
        return verdict.causes.some((one) => one.code === 'waiting_messages' && one.openKfId === openKfId);
      });
    });

    it('an event that waits is given within its usual pause', async () => {
      const [app, account] = [newApp(), newOpenKfId()];
      await register(own.url, app, account, puppet.url);
      puppet.behave((_request, response) => response.writeHead(503).end());
      time.goTo(HOUR_MS);
      const callback = sealCallback(app, kfMessageXml(app, account, 'token', nowS()));
      expect((await postCallback(own.url, app, callback)).status).toBe(200);
      time.goTo(0);
      const hint = async () =>
        (await own.ask<{ hint: { dueAt: string } | null }>('GET', `/api/v1/accounts/${account}`)).hint;
      await until(async () => isDueSoon((await hint())?.dueAt ?? null));
      puppet.behave(TAKE);
      await until(async () => (await hint()) === null);
    });
  });

  describe('set ahead by four days', () => {
    afterEach(async () => {
      time.goTo(0);
      timeOfWecom.goTo(0);
      await own.restart();
    });

    it('nothing that waits is dead before a message of WeCom shows that the time is right', async () => {
      const [app, account] = [newApp(), newOpenKfId()];
      await register(own.url, app, account, puppet.url);
      await addRefusing({ order: 'customer' });
      const hint = async () =>
        (await own.ask<{ hint: { state: string } }>('GET', `/api/v1/accounts/${account}`)).hint;
      const attempts = async () => (await messages('waiting'))[0]?.attempts ?? 0;
      const callback = sealCallback(app, kfMessageXml(app, account, 'token', nowS()));
      expect((await postCallback(own.url, app, callback)).status).toBe(200);
      say('one');
      await until(async () => (await attempts()) > 0);
      time.goTo(4 * DAY_MS);
      const before = await attempts();
      await until(async () => (await attempts()) > before);
      say('at the time of WeCom', 1);
      await until(async () => (await messages('waiting')).length === 2);
      await own.manager.line(({ msg }) => msg === 'store.clock_jumped');
      expect(await messages('dead')).toEqual([]);
      expect(await hint()).toMatchObject({ state: 'waiting' });
      timeOfWecom.goTo(4 * DAY_MS);
      say('at the same time', 1);
      await until(async () => (await messages('dead')).length === 2);
      await until(async () => (await hint()).state === 'dead');
      expect(await messages('waiting')).toHaveLength(1);
    });
  });
});
