/** An app whose callbacks cease: the built manager compares the silence with the days before, which a test cannot wait for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { StatusAnswer } from '../../src/insight/verdict/status.dto.js';
import { answerAs } from '../support/answers.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** As many on each day as make a silence one that is told. */
const BUSY = 100;

const place = embeddedPlace();
const folder = mkdtempSync(join(tmpdir(), 'wxkf-time-'));
const file = join(folder, 'ahead-ms');
let manager: ManagerProcess;
let puppet: PuppetServer;
let busy: WecomApp;
let calm: WecomApp;
const openKfIds = [newOpenKfId(), newOpenKfId()] as const;
let aheadMs = 0;

function goAhead(ms: number): void {
  aheadMs += ms;
  writeFileSync(file, String(aheadMs));
}

beforeAll(async () => {
  // At the beginning of an hour of UTC, so that what comes in a minute comes in one hour.
  goAhead(HOUR_MS - (Date.now() % HOUR_MS));
  const preload = pathToFileURL(resolve('test/support/shifted-time-preload.ts'));
  const env = { AHEAD_MS_FILE: file, NODE_OPTIONS: `--import ${preload.href}` };
  [puppet, manager] = await Promise.all([startPuppetServer(), startManager({ ...place.env, ...env })]);
  [busy, calm] = [newApp(), newApp()];
  await register(manager.url, busy, openKfIds[0], puppet.url);
  await register(manager.url, calm, openKfIds[1], puppet.url);
});

afterAll(async () => {
  await manager.stop();
  await puppet.close();
  await place.discard();
  rmSync(folder, { recursive: true });
});

async function send(app: WecomApp, openKfId: string): Promise<void> {
  expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
}

async function verdict() {
  return answerAs(StatusAnswer, await (await fetch(`${manager.url}/api/v1/status`)).json()).verdict;
}

it('WeCom calls no more for an app for which it called a hundred times in the same hours of three days: the verdict says so until it calls; a quiet app has no such cause', async () => {
  for (let day = 0; day < 3; day++) {
    for (let n = 0; n < BUSY; n++) await send(busy, openKfIds[0]);
    await send(calm, openKfIds[1]);
    goAhead(DAY_MS - HOUR_MS);
    await Promise.all([send(busy, openKfIds[0]), send(calm, openKfIds[1])]);
    goAhead(HOUR_MS);
    expect((await verdict()).causes).toEqual([]);
  }
  // The hour that was busy on each day is over.
  goAhead(HOUR_MS);
  expect(await verdict()).toMatchObject({
    state: 'degraded',
    causes: [
      { code: 'callbacks_missing', severity: 'wait', why: 'silent', corpId: busy.corpId, lateMin: null },
    ],
  });
  goAhead(DAY_MS);
  expect((await verdict()).causes).toMatchObject([{ code: 'callbacks_missing', corpId: busy.corpId }]);
  await send(busy, openKfIds[0]);
  expect((await verdict()).causes).toEqual([]);
});
