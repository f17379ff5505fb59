/** An app whose callbacks cease: the built manager compares the silence with the days before, which a test cannot wait for. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { StatusAnswer } from '../../src/api/status/status.dto.js';
import { answerAs } from '../support/answers.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { ShiftedTime } from '../support/shifted-time.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** As many on each day as make a silence one that is told. */
const BUSY = 100;

const place = embeddedPlace();
const time = new ShiftedTime();
let manager: ManagerProcess;
let puppet: PuppetServer;
let busy: WecomApp;
let calm: WecomApp;
const openKfIds = [newOpenKfId(), newOpenKfId()] as const;

beforeAll(async () => {
  // At the beginning of an hour of UTC, so that what comes in a minute comes in one hour.
  time.goAhead(HOUR_MS - (Date.now() % HOUR_MS));
  [puppet, manager] = await Promise.all([startPuppetServer(), startManager({ ...place.env, ...time.env })]);
  [busy, calm] = [newApp(), newApp()];
  await register(manager.url, busy, openKfIds[0], puppet.url);
  await register(manager.url, calm, openKfIds[1], puppet.url);
});

afterAll(async () => {
  await manager.stop();
  await puppet.close();
  await place.discard();
  time.discard();
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
    time.goAhead(DAY_MS - HOUR_MS);
    await Promise.all([send(busy, openKfIds[0]), send(calm, openKfIds[1])]);
    time.goAhead(HOUR_MS);
    expect((await verdict()).causes).toEqual([]);
  }
  // The hour that was busy on each day is over.
  time.goAhead(HOUR_MS);
  expect(await verdict()).toMatchObject({
    state: 'degraded',
    causes: [
      { code: 'callbacks_missing', severity: 'wait', why: 'silent', corpId: busy.corpId, lateMin: null },
    ],
  });
  time.goAhead(DAY_MS);
  expect((await verdict()).causes).toMatchObject([{ code: 'callbacks_missing', corpId: busy.corpId }]);
  await send(busy, openKfIds[0]);
  expect((await verdict()).causes).toEqual([]);
});
