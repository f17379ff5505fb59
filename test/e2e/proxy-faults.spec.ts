/**
 * Callers that hang up and a WeCom that misbehaves, before the built process: no socket is left, nothing is sent twice, and
 * everybody else is served while calls of one corp are slow.
 */
import { once } from 'node:events';
import { afterEach, expect, it } from '@jest/globals';
import { answerOf, call, jsonOf, open, postJsonBody, read } from '../support/http-call.js';
import { proxySuite } from '../support/proxy-suite.js';
import { register, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';
import {
  type Behaviour,
  beforeBody,
  cut,
  drop,
  flood,
  hang,
  hold,
  hugeHeaders,
  reply,
} from '../support/wecom-faults.js';

const suite = proxySuite();
const unreachable = { errcode: 504, errmsg: expect.stringMatching(/WeCom/) };

const raw =
  (text: string): Behaviour =>
  ({ response }) =>
    void response.socket?.end(text);

afterEach(async () => {
  // Those which may be used again are ended by WeCom; any other would stay.
  suite.wecom.closeIdle();
  await suite.wecom.allClosed();
});

it.each([
  ['a GET', {}],
  ['a POST', postJsonBody({ a: 1 })],
])('cuts %s off whose caller hangs up before anything of the answer', async (_what, options) => {
  suite.wecom.behave('*', hang());
  const arrived = suite.wecom.next();
  const request = open(suite.url('kf/slow'), options).end('body' in options ? options.body : undefined);
  const { ended } = await arrived;
  request.destroy();
  expect(await ended).toBe('cut');
  const line = await suite.manager.line(({ result }) => result === 'aborted');
  expect(line).toMatchObject({ msg: 'proxy.answered', aborted: true });
});

it.each([
  ['of a known length', ['Content-Length', '10000000']],
  ['in chunks', ['Transfer-Encoding', 'chunked']],
])('cuts an upload off whose caller hangs up in the middle, %s', async (_what, headers) => {
  const head = suite.wecom.nextHead();
  const request = open(suite.url('media/upload'), { method: 'POST', headers });
  request.write(Buffer.alloc(200_000));
  await (await head).received(200_000);
  request.destroy();
  expect(await (await head).ended).toBe('cut');
  expect((await head).sha256).toBeNull();
});

it('sends nothing of a small body whose caller hangs up in the middle', async () => {
  const request = open(suite.url('kf/half'), { method: 'POST', headers: ['Content-Length', '1000'] });
  request.write('half', () => request.destroy());
  await suite.manager.line(({ url, aborted }) => String(url).endsWith('/kf/half') && aborted === true);
  expect(suite.calls()).toEqual([]);
});

it('cuts a download off whose caller hangs up in the middle', async () => {
  suite.wecom.behave('*', flood());
  const response = await answerOf(open(suite.url('media/get')).end());
  await once(response, 'data');
  response.destroy();
  expect(await suite.calls()[0]?.ended).toBe('cut');
});

it('says so where WeCom breaks off in the middle of a short answer', async () => {
  suite.wecom.behave('*', cut());
  const answer = await call(suite.url('kf/cut'));
  expect([answer.status, jsonOf(answer)]).toEqual([504, unreachable]);
  expect(suite.calls()).toHaveLength(1);
});

it('cuts the caller off where WeCom breaks off in the middle of a file', async () => {
  suite.wecom.behave('*', ({ response }) => {
    response.writeHead(200, { 'Content-Length': 9 }).write('part', () => response.destroy());
  });
  const response = await answerOf(open(suite.url('media/get')).end());
  expect(response.statusCode).toBe(200);
  await expect(read(response)).rejects.toThrow('aborted');
  expect(suite.calls()).toHaveLength(1);
});

it('cuts the caller off where an answer in chunks has no end', async () => {
  suite.wecom.behave('*', ({ response }) => {
    response.writeHead(200).write('part', () => response.destroy());
  });
  const response = await answerOf(open(suite.url('kf/cut')).end());
  await expect(read(response)).rejects.toThrow('aborted');
});

it.each<[string, string, Behaviour]>([
  ['GET', 'drops it', drop()],
  ['POST', 'drops it', drop()],
  ['GET', 'answers with huge headers', hugeHeaders()],
  ['POST', 'answers with huge headers', hugeHeaders()],
  [
    'GET',
    'switches protocols',
    ({ response }) =>
      void response.socket?.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
  ],
  [
    'GET',
    'sends interim answers for ever',
    ({ response }) => {
      for (let n = 0; n < 100; n++) response.writeEarlyHints({ link: '</a>; rel=preload' });
    },
  ],
])('makes a %s once where WeCom %s', async (method, _what, behaviour) => {
  suite.wecom.behave('*', behaviour);
  const answer = await call(suite.url('kf/faulty'), { method });
  expect([answer.status, jsonOf(answer)]).toEqual([504, unreachable]);
  expect(suite.calls()).toHaveLength(1);
});

it('makes a call once, on a connection that was used before and is lost', async () => {
  await call(suite.url('kf/first'));
  suite.wecom.behave('kf/second', ({ response }) => response.socket?.resetAndDestroy());
  const answer = await call(suite.url('kf/second'));
  expect([answer.status, jsonOf(answer)]).toEqual([504, unreachable]);
  expect(suite.calls('kf/second')).toHaveLength(1);
});

it('takes interim answers for none', async () => {
  suite.wecom.behave('*', ({ response, usual }) =>
    response.writeEarlyHints({ link: '</a>; rel=preload' }, usual),
  );
  expect((await call(suite.url('kf/hinted'))).status).toBe(404);
});

it('gives an answer that comes while the body is still on its way', async () => {
  suite.wecom.behave('*', beforeBody(reply(413, 'too large')));
  const request = open(suite.url('media/upload'), {
    method: 'POST',
    headers: ['Content-Length', '1000000'],
  });
  request.write(Buffer.alloc(100_000));
  const answer = await read(await answerOf(request));
  expect([answer.status, answer.body.toString()]).toEqual([413, 'too large']);
  request.destroy();
});

it.each([
  ['no HTTP', 'hello\r\n\r\n'],
  ['nothing', ''],
  ['a head without end', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ['a length in words', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['a control character in a header', 'HTTP/1.1 200 OK\r\nX-A: a\u0001b\r\nContent-Length: 0\r\n\r\n'],
  ['a header without a name', 'HTTP/1.1 200 OK\r\n: a\r\n\r\n'],
])('is told 504 where WeCom answers %s', async (_what, text) => {
  suite.wecom.behave('*', raw(text));
  const answer = await call(suite.url('kf/nonsense'));
  expect([answer.status, jsonOf(answer)]).toEqual([504, unreachable]);
  expect(suite.calls()).toHaveLength(1);
});

it.each([
  ['that is empty', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok'],
  ['of other letters', 'HTTP/1.1 200 \u597d\r\nContent-Length: 2\r\n\r\nok'],
])('passes an answer on that has a status text %s', async (_what, text) => {
  suite.wecom.behave('*', raw(text));
  const answer = await call(suite.url('kf/status-text'));
  expect([answer.status, answer.body.toString()]).toEqual([200, 'ok']);
});

it('gives an answer whose end is that of its connection', async () => {
  suite.wecom.behave('*', raw('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it'));
  expect((await call(suite.url('kf/old'))).body.toString()).toBe('all of it');
});

const SLOW_CALLS = 200;

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

  await until(() => suite.calls('kf/slow').length >= 48);
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
  // Of one caller, so many are under way at once.
  expect(suite.calls('kf/slow').length).toBe(48);

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
