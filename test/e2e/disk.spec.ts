/** The disk of `DATA_DIR` fills up under the built process, as `docs/operate.md` tells of it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Simulator } from '../../packages/simulator/simulator.js';
import type { ManagerProcess } from '../support/manager-process.js';
import {
  postJson,
  type PuppetServer,
  register,
  registrationOf,
  startPuppetServer,
  TAKE,
} from '../support/puppet-server.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';

const MB = 1_048_576;
/** Pino's number of the level. */
const WARN = 40;

let folder: string;
let scene: Scene;
let wecom: Simulator;
/** Takes messages. */
let bot: PuppetServer;
/** Takes events. */
let puppet: PuppetServer;
let app: WecomApp;
let openKfId: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-disk-'));
  setFree('');
  const env = {
    FREE_BYTES_FILE: join(folder, 'free'),
    NODE_OPTIONS: `--import ${pathToFileURL(resolve('test/support/free-bytes-preload.ts'))}`,
  };
  [scene, bot, puppet] = await Promise.all([
    Scene.open({ accounts: 1, env }),
    startPuppetServer(),
    startPuppetServer(),
  ]);
  ({ wecom } = scene);
  await scene.addBot({
    ...{ openKfIds: ['*'], kind: 'callback', takes: 'message', callback: { url: bot.url, form: 'json' } },
  });
});

afterAll(async () => {
  expect(await scene.manager.stop()).toBe(0);
  await scene.close();
  await Promise.all([bot.close(), puppet.close()]);
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  [app, openKfId] = [newApp(), newOpenKfId()];
  await register(scene.url, app, openKfId, puppet.url);
  linesBefore = scene.manager.log.length;
});

afterEach(() => {
  setFree('');
  puppet.behave(TAKE);
  bot.behave(TAKE);
});

let linesBefore = 0;

/** One of this test. */
const line = (is: Parameters<ManagerProcess['line']>[0]) =>
  scene.manager.line((candidate) => is(candidate) && scene.manager.log.indexOf(candidate) >= linesBefore);

/** As many bytes; `''` is what the disk has. */
const setFree = (bytes: number | '') => writeFileSync(join(folder, 'free'), String(bytes));

const pulls = () => wecom.calls.records.filter(({ api }) => api === 'kf/sync_msg').length;

const texts = () =>
  bot.received.map(({ body }) => (JSON.parse(body) as { text?: { content: string } }).text?.content);

async function partsDown(): Promise<string[]> {
  const { error = {} } = (await (await fetch(`${scene.url}/health`)).json()) as { error?: object };
  return Object.keys(error);
}

const events = async () => (await sendMessage(scene.url, app, openKfId)).status;

interface Cause {
  readonly code: string;
  readonly since: string | null;
}

/** What keeps customers from being answered, as the console's first page has it. */
async function causes(): Promise<readonly Cause[]> {
  const status = await fetch(`${scene.url}/api/v1/status`);
  return ((await status.json()) as { verdict: { causes: Cause[] } }).verdict.causes;
}

async function accountOf(id: string): Promise<unknown> {
  return (await fetch(`${scene.url}/api/v1/accounts/${id}`)).json();
}

it('with less than a tenth of it free nothing is written to the delivery log', async () => {
  setFree(256 * MB);
  expect(await events()).toBe(200);
  await line(({ msg }) => msg === 'deliverylog.append_failed');
  setFree('');
  const read = await fetch(`${scene.url}/api/v1/deliveries?openKfId=${openKfId}`);
  expect(await read.json()).toMatchObject({ items: [] });
});

/** Of the event of the bot's account that waits. */
async function dueAt(): Promise<string | null> {
  const hints = await fetch(`${scene.url}/api/v1/hints?corpId=${wecom.corpId}`);
  return ((await hints.json()) as { items: { dueAt: string }[] }).items[0]?.dueAt ?? null;
}

it('with less than 256 MB no messages are pulled, and all else goes on; at once when there is space they are', async () => {
  setFree(256 * MB - 1);
  const before = pulls();
  wecom.say('pulled later');
  let first: string | null = null;
  await until(async () => {
    first ??= await dueAt();
    return first !== null;
  });
  expect(await events()).toBe(200);
  // It has been tried once more.
  await until(async () => (await dueAt()) !== first);
  expect(pulls()).toBe(before);
  expect(await partsDown()).toEqual(['disk']);
  await line(({ msg, level }) => msg === 'store.disk_low' && level === WARN);
  setFree('');
  await until(() => texts().includes('pulled later'));
  await line(({ msg }) => msg === 'store.disk_has_room');
});

it('with less than 256 MB the console and the metrics say that it is the disk, and blame no bot', async () => {
  setFree(256 * MB - 1);
  wecom.say('pulled later, too');
  let found: readonly Cause[] = [];
  await until(async () => {
    found = await causes();
    return found.some(({ code }) => code === 'disk_low') && (await dueAt()) !== null;
  });
  expect(found).toEqual([expect.objectContaining({ code: 'disk_low', severity: 'bad', botId: null })]);
  expect(Date.now() - Date.parse(found[0]?.since ?? '')).toBeLessThan(60_000);
  const account = await accountOf(wecom.openKfId);
  expect(account).toMatchObject({
    circuit: 'closed',
    causes: [{ code: 'disk_low' }],
    lastFailure: { stage: 'store' },
  });
  const free = /^wxkf_data_dir_free_bytes (\d+)$/m.exec(await (await fetch(`${scene.url}/metrics`)).text());
  expect(Number(free?.[1])).toBeLessThan(256 * MB);
  setFree('');
  await until(() => texts().includes('pulled later, too'));
  await until(async () => (await causes()).length === 0);
});

it('with less than 16 MB health is down and bots that take messages get none, as soon as there is space they do', async () => {
  bot.behave((_request, response) => response.writeHead(503).end());
  const before = bot.received.length;
  wecom.say('given later');
  await until(() => bot.received.length > before);
  setFree(16 * MB - 1);
  const given = bot.received.length;
  bot.behave(TAKE);
  await until(async () => (await partsDown()).includes('storage'));
  await line(({ msg }) => msg === 'outbox.claim_failed');
  await until(async () => (await causes()).some(({ code }) => code === 'disk_full'));
  expect(await events()).toBe(200);
  expect(bot.received).toHaveLength(given);
  setFree('');
  await until(() => bot.received.length > given);
  await until(async () => !(await partsDown()).includes('storage'));
});

describe('when nothing is left of it', () => {
  /** Of each file that the process writes, as a full disk does: util-linux's prlimit. */
  const limitFiles = (bytes: string) =>
    execFileSync('prlimit', ['--pid', String(scene.manager.pid), `--fsize=${bytes}:`]);

  it('what must be kept gets 503, healthy puppets are served, and all goes on once there is space', async () => {
    limitFiles('4096');
    expect(await events()).toBe(200);
    puppet.behave((_request, response) => response.writeHead(500).end());
    const [registration, notTaken] = await Promise.all([
      postJson(`${scene.url}/puppetWxkfManager/register`, registrationOf(app, newOpenKfId(), puppet.url)),
      sendMessage(scene.url, app, openKfId),
    ]);
    expect([registration.status, notTaken.status]).toEqual([503, 503]);
    expect((await fetch(`${scene.url}/health/ready`)).status).toBe(200);
    await until(async () => (await partsDown()).includes('storage'));
    limitFiles('unlimited');
    puppet.behave(TAKE);
    await until(async () => !(await partsDown()).includes('storage'));
    await register(scene.url, app, newOpenKfId(), puppet.url);
    expect(await events()).toBe(200);
    expect(scene.manager.output()).not.toContain('store.damaged');
  });

  it('a manager does not start, and says where', () => {
    const program = [process.execPath, 'dist/main.js'];
    const { status, stdout } = spawnSync('prlimit', ['--fsize=0', ...program], {
      env: { DATA_DIR: join(folder, 'data'), PORT: '0' },
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stdout).toMatch(/"manager\.cannot_start"/);
    expect(stdout).toContain(join(folder, 'data'));
  });
});
