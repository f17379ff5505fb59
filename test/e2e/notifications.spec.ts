/** What a group is told by the complete manager, on a clock that is moved by hand; the sockets and the store are real. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { ReceiversAnswer } from '../../src/api/notifications/notification.dto.js';
import { connectApp } from '../support/connected-app.js';
import { answerAs } from '../support/answers.js';
import { type ManagerInProcess, startManagerInProcess } from '../support/manager-in-process.js';
import { ManualClock } from '../support/manual-clock.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { postJson, type PuppetServer, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

const STEP_MS = 5_000;
const MINUTE_MS = 60_000;

let env: Readonly<Record<string, string>>;
let place: Place;
let clock: ManualClock;
let wecom: Simulator;
let puppet: PuppetServer;
let manager: ManagerInProcess;

beforeEach(async () => {
  place = embeddedPlace();
  clock = new ManualClock();
  wecom = await startSimulator({ clock });
  puppet = await startPuppetServer();
  env = {
    ...place.env,
    NOTIFY_URL: wecom.robotUrl,
    WECOM_API_URL: wecom.url,
    SECRETS_KEY: randomBytes(32).toString('base64'),
  };
  manager = await startManagerInProcess(env, clock);
});

afterEach(async () => {
  await manager.close();
  await puppet.close();
  await wecom.close();
  await place.discard();
});

const told = (): string[] => wecom.robot.messages.map(({ content }) => content);

async function receivers(): Promise<readonly object[]> {
  const answer = await fetch(`${manager.url}/api/v1/notifications`);
  return answerAs(ReceiversAnswer, await answer.json()).items;
}

/** Time passes until it is so. How many steps that takes depends on how fast sockets are: an attempt may time out before. */
const passUntil = (isSo: () => boolean): Promise<void> =>
  until(async () => {
    await pass(STEP_MS);
    return isSo();
  });

/** The manager answers between two steps, so that what began in one has its turn. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    await (await fetch(`${manager.url}/api/v1/notifications`)).arrayBuffer();
    await clock.advance(STEP_MS);
  }
}

it('tells a group once that a bot is down, and once that it is back', async () => {
  const [app, openKfId] = [newApp(), newOpenKfId()];
  const { status } = await postJson(
    `${manager.url}/puppetWxkfManager/register`,
    registrationOf(app, openKfId, puppet.url),
  );
  expect(status).toBe(200);
  puppet.behave((_request, response) => void response.writeHead(500).end());
  expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
  await pass(MINUTE_MS);
  expect(told()).toEqual([]);
  await passUntil(() => told().length > 0);
  expect(told()).toEqual([expect.stringContaining('需要处理（1）')]);
  expect(told()[0]).toContain('客服一号：机器人返回了 HTTP 错误 500（1 个账号）');
  expect(await receivers()).toMatchObject([
    { troubles: 1, told: [{ cause: { code: 'waiting', address: new URL(puppet.url).host }, isOver: false }] },
  ]);

  puppet.behave((_request, response) => void response.end());
  await passUntil(() => told().length > 1);
  expect(told().slice(1)).toEqual([expect.stringMatching(/^\*\*已恢复（1）\*\*\n.*持续了 \d+ 分钟$/)]);
  expect(await receivers()).toEqual([
    {
      ...{ kind: 'robot', host: new URL(wecom.url).host, troubles: 0, lastFailure: null },
      id: expect.stringMatching(/^[\w-]{22}$/),
      toldAt: expect.stringMatching(/^2026-01-01T00:/),
      told: [{ cause: expect.objectContaining({ code: 'waiting' }), isOver: true }],
    },
  ]);
});

async function restart(): Promise<void> {
  await manager.close();
  env = { ...env, ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken` };
  manager = await startManagerInProcess(env, clock);
}

/** A bot that takes messages of the simulator's account, at the puppet's address. */
async function startMessageBot(): Promise<string> {
  await restart();
  const { corpId, corpSecret } = wecom;
  const openKfId = wecom.accounts[0]?.openKfId ?? '';
  await connectApp(wecom, manager);
  const bot = { name: 'Bot', corpId, openKfIds: [openKfId], kind: 'puppet', takes: 'message', corpSecret };
  const added = await postJson(`${manager.url}/api/v1/bots`, bot);
  const { key } = (await added.json()) as { key: string };
  expect(added.status).toBe(200);
  const registration = registrationOf({ corpId, ...wecom.callback }, openKfId, puppet.url);
  const registered = await fetch(`${manager.url}/puppetWxkfManager/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ ...registration, corpSecret, takes: 'message' }),
  });
  expect(registered.status).toBe(200);
  return openKfId;
}

it('tells no group after a restart that a bot is back which is still down, nor that nothing waits for it', async () => {
  const openKfId = await startMessageBot();
  puppet.behave((_request, response) => void response.destroy());
  for (let n = 0; n < 6; n++) wecom.say(`message ${n}`, { openKfId });
  const isOver = '<font color="info">Bot：';
  await passUntil(() => told().join('\n').includes('<font color="warning">Bot：'));
  await restart();
  await pass(3 * MINUTE_MS);
  expect(told().join('\n')).not.toContain('没有等待');
  expect(told().join('\n')).not.toContain(isOver);

  puppet.behave((_request, response) => void response.end());
  await passUntil(() => told().join('\n').includes(isOver));
});
