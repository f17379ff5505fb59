/** A store is put back as it was some time before: the table of `docs/operate.md` about what an older copy means. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { connectApp, saveCallback } from '../support/connected-app.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, sealedPlace } from '../support/place.js';
import { postJson, type PuppetServer, register, startPuppetServer, TAKE } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

const place = sealedPlace(embeddedPlace());
const dataDir = place.env.DATA_DIR ?? '';
const copies = mkdtempSync(join(tmpdir(), 'wxkf-copies-'));
/** It serves two accounts of its own, of which one registers after the copy. */
const app = newApp();
const [before, after] = [newOpenKfId(), newOpenKfId()];
let wecom: Simulator;
/** Takes messages of all accounts of the local WeCom. */
let bot: PuppetServer;
let puppet: PuppetServer;
let manager: ManagerProcess;
let key: string;

beforeAll(async () => {
  [wecom, bot, puppet] = await Promise.all([startSimulator(), startPuppetServer(), startPuppetServer()]);
  manager = await start();
  await connectApp(wecom, manager);
  const added = await postJson(`${manager.url}/api/v1/bots`, {
    ...{ name: 'Bot', corpId: wecom.corpId, corpSecret: wecom.corpSecret, openKfIds: ['*'] },
    ...{ kind: 'callback', takes: 'message', callback: { url: bot.url, form: 'json' } },
  });
  const answer = (await added.json()) as BotCreatedAnswer;
  ({ key } = answer);
  expect((await postJson(`${manager.url}/api/v1/apps`, app)).status).toBe(200);
  await register(manager.url, app, before, puppet.url);
  wecom.say('taken before');
  await until(() => bot.received.length === 1);
  puppet.behave((_request, response) => response.writeHead(503).end());
  expect(await send(before)).toBe(200);
  await manager.stop();
  cpSync(dataDir, join(copies, 'data'), { recursive: true });

  puppet.behave(TAKE);
  const taken = puppet.received.length + 1;
  manager = await start();
  await saveCallback(wecom, manager);
  await until(() => puppet.received.length === taken);
  wecom.say('taken after');
  await until(() => bot.received.length === 2);
  await register(manager.url, app, after, puppet.url);
  for (const path of [`accounts/${before}`, `bots/${answer.id}`])
    expect((await fetch(`${manager.url}/api/v1/${path}`, { method: 'DELETE' })).status).toBe(200);
  await manager.stop();

  rmSync(dataDir, { recursive: true });
  cpSync(join(copies, 'data'), dataDir, { recursive: true });
  manager = await start();
});

afterAll(async () => {
  await manager.stop();
  await Promise.all([wecom.close(), bot.close(), puppet.close()]);
  await place.discard();
  rmSync(copies, { recursive: true });
});

const start = () =>
  startManager({
    ...place.env,
    WECOM_API_URL: wecom.url,
    ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
  });

const send = async (openKfId: string) => (await sendMessage(manager.url, app, openKfId)).status;

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
  const { details } = (await (await fetch(`${manager.url}/health`)).json()) as { details: object };
  expect(details).toMatchObject({ outbox: { parked: 1 } });
  const arrived = puppet.next();
  await register(manager.url, app, after, puppet.url);
  await arrived;
});

it('a bot that was deleted after the copy is there again with its key', async () => {
  const credentials = new URLSearchParams({ corpid: wecom.corpId, corpsecret: wecom.corpSecret });
  const answer = await fetch(`${manager.url}/bot/${key}/cgi-bin/gettoken?${credentials}`);
  expect(await answer.json()).toMatchObject({ errcode: 0 });
});
