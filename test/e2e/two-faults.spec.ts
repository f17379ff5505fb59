/** A bot is down, and then WeCom is away, too: each row says what its own fault is. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { StatusAnswer } from '../../src/api/status/status.dto.js';
import { type PuppetServer, startPuppetServer } from '../support/puppet-server.js';
import { Scene } from '../support/scene.js';
import { ShiftedTime } from '../support/shifted-time.js';
import { until } from '../support/until.js';

const time = new ShiftedTime();
let scene: Scene;
let puppet: PuppetServer;

beforeAll(async () => {
  [scene, puppet] = await Promise.all([
    Scene.open({ clock: time, env: time.env, customers: ['anna', 'ben'] }),
    startPuppetServer(),
  ]);
});

afterAll(async () => {
  await scene.close();
  await puppet.close();
  time.discard();
});

const causes = async () => (await scene.ask<StatusAnswer>('GET', '/api/v1/status')).verdict.causes;

it('a bot that is down has one row, which says what the bot does, also while WeCom is away', async () => {
  const openKfIds = [scene.newAccount(), scene.newAccount()];
  puppet.behave((_request, response) => response.writeHead(503).end());
  const { id } = await scene.addBot({
    ...{ openKfIds, kind: 'callback', takes: 'message' },
    ...{ callback: { url: puppet.url, form: 'json' } },
  });
  for (const openKfId of openKfIds) scene.wecom.say('hello', { openKfId });
  const ofBot = { code: 'waiting_messages', why: 'status', status: 503, count: 2, botId: id };
  await until(async () => {
    time.goAhead(5_000);
    const [first] = await causes();
    return first?.code === 'waiting_messages' && first.count === 2;
  });
  expect(await causes()).toMatchObject([ofBot]);

  scene.wecom.faults.apiFails = true;
  scene.wecom.say('are you there?', { openKfId: openKfIds[0] ?? '' });
  await until(async () => {
    const account = await scene.ask<{ lastFailure: { stage: string } | null }>(
      'GET',
      `/api/v1/accounts/${openKfIds[0]}`,
    );
    return account.lastFailure?.stage === 'pull';
  });
  time.goAhead(10_000);
  await until(async () => (await causes()).some(({ code }) => code === 'wecom_fails'));
  expect(await causes()).toMatchObject([{ code: 'wecom_fails', openKfId: null }, ofBot]);
});
