/** 200 slow proxied calls of one corp in the built process, and what everybody else gets meanwhile. */
import { expect, it } from '@jest/globals';
import { call, jsonOf } from '../support/http-call.js';
import { proxySuite } from '../support/proxy-suite.js';
import { register, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';
import { hold } from '../support/wecom-faults.js';

const SLOW_CALLS = 200;
const suite = proxySuite();

async function getToken(corpId: string, corpSecret = `secret-of-${corpId}`) {
  suite.wecom.addSecret(corpId, corpSecret);
  const query = `corpid=${corpId}&corpsecret=${corpSecret}`;
  return jsonOf(await call(`${suite.manager.url}/puppetWxkfManager/getToken?${query}`));
}

it('goes on for all others while 200 calls of one corp are held', async () => {
  const slow = await getToken('wwSlow');
  const puppet = await startPuppetServer();
  const app = newApp();
  const openKfId = newOpenKfId();
  await register(suite.manager.url, app, openKfId, puppet.url);
  const held = hold();
  suite.wecom.behave('kf/slow', held);

  const url = suite.url(`kf/slow?access_token=${slow.access_token}`);
  let answered = 0;
  const slowCalls = Array.from({ length: SLOW_CALLS }, async () => {
    const { status } = await call(url);
    answered++;
    return status;
  });
  await held.arrived;

  await until(() => suite.calls('kf/slow').length >= 64);
  const callbacks: Response[] = [];
  for (let n = 0; n < 5; n++) {
    const ten = Array.from({ length: 10 }, () => sendMessage(suite.manager.url, app, openKfId));
    callbacks.push(...(await Promise.all(ten)));
  }
  expect(callbacks.map(({ status }) => status)).toEqual(Array(50).fill(200));
  expect(puppet.received).toHaveLength(50);
  const other = await getToken('wwOther');
  expect(other).toMatchObject({ errcode: 0 });
  const list = await call(suite.url(`kf/account/list?access_token=${other.access_token}`));
  expect(jsonOf(list)).toMatchObject({ errcode: 0 });
  // Nor are its own tokens starved: they have connections of their own.
  expect(await getToken('wwSlow', 'another-secret')).toMatchObject({ errcode: 0 });
  expect(answered).toBe(0);
  // Of one corp, so many are under way at once.
  expect(suite.calls('kf/slow').length).toBeLessThanOrEqual(64);

  held.release();
  expect(await Promise.all(slowCalls)).toEqual(Array(SLOW_CALLS).fill(404));
  expect(suite.calls('kf/slow')).toHaveLength(SLOW_CALLS);
  await puppet.close();
});

it('refuses a corp that has too many under way, and no other', async () => {
  const slow = await getToken('wwFull');
  const held = hold();
  suite.wecom.behave('kf/full', held);
  const url = suite.url(`kf/full?access_token=${slow.access_token}`);
  const refused = Promise.withResolvers<unknown[]>();
  const statuses: number[] = [];
  const calls = Array.from({ length: 600 }, async () => {
    const answer = await call(url);
    statuses.push(answer.status);
    if (answer.status === 429) refused.resolve([jsonOf(answer), answer.headers['retry-after']]);
  });
  expect(await refused.promise).toEqual([{ errcode: 429, errmsg: expect.stringMatching(/this corp/) }, '1']);
  expect((await call(suite.url('kf/other'))).status).toBe(404);
  held.release();
  await Promise.all(calls);
  expect(statuses.filter((status) => status === 404).length).toBeGreaterThanOrEqual(512);
  expect(new Set(statuses)).toEqual(new Set([404, 429]));
});
