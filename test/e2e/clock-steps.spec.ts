/** The wall clock of a manager steps by more than a lease lasts, while a bot is at work; and back, while an event waits. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { type ManagerProcess, startManager, STEPPING_CLOCK } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer, TAKE } from '../support/puppet-server.js';
import { Scene } from '../support/scene.js';
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

describe('when the clock was set back by an hour', () => {
  const HOUR_MS = 3_600_000;
  const ofStore = embeddedPlace();
  const folder = mkdtempSync(join(tmpdir(), 'wxkf-time-'));
  const file = join(folder, 'ahead-ms');
  let own: ManagerProcess;

  beforeAll(async () => {
    writeFileSync(file, '0');
    const preload = pathToFileURL(resolve('test/support/shifted-time-preload.ts'));
    own = await startManager({
      ...ofStore.env,
      AHEAD_MS_FILE: file,
      NODE_OPTIONS: `--import ${preload.href}`,
    });
  });

  afterAll(async () => {
    await own.stop();
    await ofStore.discard();
    rmSync(folder, { recursive: true });
  });

  it('an event that waits is delayed by as much on the embedded store, until the clock is right; one that comes is not', async () => {
    const [app, openKfId, other] = [newApp(), newOpenKfId(), newOpenKfId()];
    const served = await startPuppetServer();
    await register(own.url, app, openKfId, puppet.url);
    await register(own.url, app, other, served.url);
    puppet.behave((_request, response) => response.writeHead(503).end());
    const send = async (to: string) => {
      const callback = sealCallback(app, kfMessageXml(app, to, 'token', nowS()));
      expect((await postCallback(own.url, app, callback)).status).toBe(200);
    };
    await send(openKfId);
    puppet.behave(TAKE);
    writeFileSync(file, String(-HOUR_MS));
    await send(other);
    expect(served.received).toHaveLength(1);
    const account = await fetch(`${own.url}/api/v1/accounts/${openKfId}`);
    const { hint } = (await account.json()) as { hint: { dueAt: string } };
    expect(Date.parse(hint.dueAt)).toBeGreaterThan(Date.now() - HOUR_MS + HOUR_MS / 2);
    writeFileSync(file, '0');
    await until(() => puppet.received.length === 2);
    await served.close();
  });
});
