/** A store is put back as it was some time before: the table of `docs/operate.md` about what an older copy means. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { saveCallback } from '../support/connected-app.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer, TAKE } from '../support/puppet-server.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

const place = embeddedPlace();
const dataDir = place.env.DATA_DIR ?? '';
const copies = mkdtempSync(join(tmpdir(), 'wxkf-copies-'));
/** It serves two accounts of its own, of which one registers after the copy. */
const app = newApp();
const [before, after] = [newOpenKfId(), newOpenKfId()];
let scene: Scene;
let wecom: Simulator;
/** Takes messages of all accounts of the local WeCom. */
let bot: PuppetServer;
let puppet: PuppetServer;
let key: string;

beforeAll(async () => {
  [scene, bot, puppet] = await Promise.all([
    Scene.open({ place, accounts: 1 }),
    startPuppetServer(),
    startPuppetServer(),
  ]);
  ({ wecom } = scene);
  const added = await scene.addBot({
    ...{ openKfIds: ['*'], kind: 'callback', takes: 'message', callback: { url: bot.url, form: 'json' } },
  });
  ({ key } = added);
  await scene.ask('POST', '/api/v1/apps', app);
  await register(scene.url, app, before, puppet.url);
  wecom.say('taken before');
  await until(() => bot.received.length === 1);
  puppet.behave((_request, response) => response.writeHead(503).end());
  expect(await send(before)).toBe(200);
  await scene.manager.stop();
  cpSync(dataDir, join(copies, 'data'), { recursive: true });

  puppet.behave(TAKE);
  const taken = puppet.received.length + 1;
  scene.manager = await scene.startManager();
  await saveCallback(wecom, scene.manager);
  await until(() => puppet.received.length === taken);
  wecom.say('taken after');
  await until(() => bot.received.length === 2);
  await register(scene.url, app, after, puppet.url);
  for (const path of [`accounts/${before}`, `bots/${added.id}`]) await scene.ask('DELETE', `/api/v1/${path}`);
  await scene.manager.stop();

  rmSync(dataDir, { recursive: true });
  cpSync(join(copies, 'data'), dataDir, { recursive: true });
  scene.manager = await scene.startManager();
});

afterAll(async () => {
  await scene.close();
  await Promise.all([bot.close(), puppet.close()]);
  rmSync(copies, { recursive: true });
});

const send = async (openKfId: string) => (await sendMessage(scene.url, app, openKfId)).status;

const idOf = (received: PuppetServer['received'][number] | undefined) => received?.headers['webhook-id'];

it('a message that its bot took after the copy is given again, under the same id, and no older one', async () => {
  await until(() => bot.received.length === 3);
  expect(idOf(bot.received[2])).toBe(idOf(bot.received[1]));
  expect(idOf(bot.received[2])).not.toBe(idOf(bot.received[0]));
});

it('an event that was delivered after the copy is delivered again, also of an account that was forgotten', async () => {
  await until(() => puppet.received.length > 2);
  const ids = puppet.received.map(idOf);
  expect(ids.at(-1)).toBe(ids.at(-2));
});

it('an account that registered after the copy is unknown: its events are kept until it registers again', async () => {
  expect(await send(after)).toBe(200);
  const { details } = await scene.ask<{ details: object }>('GET', '/health');
  expect(details).toMatchObject({ outbox: { parked: 1 } });
  const arrived = puppet.next();
  await register(scene.url, app, after, puppet.url);
  await arrived;
});

it('a bot that was deleted after the copy is there again with its key', async () => {
  const credentials = new URLSearchParams({ corpid: wecom.corpId, corpsecret: wecom.corpSecret });
  const answer = await fetch(`${scene.url}/bot/${key}/cgi-bin/gettoken?${credentials}`);
  expect(await answer.json()).toMatchObject({ errcode: 0 });
});
