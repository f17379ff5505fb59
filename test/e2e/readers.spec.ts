/** What an operator who only reads, or nobody at all, cannot take from those who run the built process. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditPageAnswer } from '../../src/api/operators/audit.dto.js';
import { type EventReader, readEvents } from '../support/event-stream.js';
import { call, type CallAnswer, jsonOf, postJsonBody } from '../support/http-call.js';
import { proxySuite } from '../support/proxy-suite.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId } from '../support/wecom.js';
import { answer, hold, reply, usual } from '../support/wecom-faults.js';

const ADMIN = 'marked-operator-secret-of-readers';
const STREAMS_MAX = 32;

const suite = proxySuite({ AUTH_OPERATOR_TOKEN: ADMIN, TRUST_PROXY: '127.0.0.1' });
let reader: string;

const as = (token: string) => ['Authorization', `Bearer ${token}`];
const ask = (path: string, token: string) =>
  call(`${suite.manager.url}/api/v1/${path}`, { headers: as(token) });

async function post(path: string, body: object): Promise<Record<string, unknown>> {
  const options = postJsonBody(body);
  const headers = [...(options.headers ?? []), ...as(ADMIN)];
  const made = await call(`${suite.manager.url}/api/v1/${path}`, { ...options, headers });
  expect([path, made.status]).toEqual([path, 200]);
  return jsonOf(made);
}

beforeAll(async () => {
  reader = String((await post('operators', { name: 'bob', role: 'reader' })).token);
});

describe('the list of a corp’s accounts at WeCom', () => {
  const LIST = 'kf/account/list';
  let corpId: string;
  const list = () => ask(`corps/${corpId}/accounts`, reader);

  beforeEach(async () => {
    ({ corpId } = newApp());
    const corpSecret = `secret-of-${corpId}`;
    suite.wecom.addSecret(corpId, corpSecret);
    await post('bots', { name: corpId, corpId, openKfIds: [newOpenKfId()], kind: 'stream', corpSecret });
  });

  afterEach(() => suite.wecom.behave(LIST, usual));

  it('costs one question of WeCom for all who read it within a minute', async () => {
    const full = Array.from({ length: 100 }, (_, n) => ({ open_kfid: `wk${n}`, name: 'n' }));
    const page = JSON.stringify({ errcode: 0, errmsg: 'ok', account_list: full });
    const held = hold(reply(200, page, { 'Content-Type': 'application/json' }));
    suite.wecom.behave(LIST, held);
    const asked = Array.from({ length: 10 }, list);
    await held.arrived;
    held.release();
    for (const one of await Promise.all(asked)) expect(one.status).toBe(200);
    for (let n = 0; n < 10; n++) expect((await list()).status).toBe(200);
    // As many pages as are read of one list.
    expect(suite.calls(LIST).length).toBe(10);
  });

  it('is not asked for again at once where WeCom has refused it', async () => {
    suite.wecom.behave(LIST, answer(60020, 'not allow to access from your ip'));
    for (let n = 0; n < 10; n++) expect((await list()).status).toBe(502);
    expect(suite.calls(LIST).length).toBe(1);
  });

  it('is asked for again by an admin, who may have mended something at WeCom', async () => {
    suite.wecom.behave(LIST, answer(60020, 'not allow to access from your ip'));
    expect((await list()).status).toBe(502);
    suite.wecom.behave(LIST, usual);
    expect((await ask(`corps/${corpId}/accounts`, ADMIN)).status).toBe(200);
    expect((await list()).status).toBe(200);
    expect(suite.calls(LIST).length).toBe(2);
  });
});

describe('live streams', () => {
  const readers: EventReader[] = [];
  const follow = async (token: string): Promise<EventReader> => {
    const one = await readEvents(`${suite.manager.url}/api/v1/stream`, { authorization: `Bearer ${token}` });
    readers.push(one);
    return one;
  };

  afterEach(() => {
    for (const one of readers.splice(0)) one.close();
  });

  it('are shared by operators: the oldest of whoever has the most makes room', async () => {
    const oldest = await follow(reader);
    for (let n = 1; n < STREAMS_MAX; n++) await follow(reader);
    const refused = await ask('stream', reader);
    expect([refused.status, jsonOf(refused)]).toMatchObject([429, { error: 'STREAM_READERS_TOO_MANY' }]);
    const ofAdmin = await follow(ADMIN);
    await ofAdmin.event(({ event }) => event === 'hello');
    await oldest.ended;
    // Who had the most does not come back by it.
    expect((await ask('stream', reader)).status).toBe(429);
  });
});

it('failed sign-ins leave 20 entries an hour, and one with a count for each further address', async () => {
  const signIn = (from: string): Promise<CallAnswer> => {
    const options = postJsonBody({ token: 'marked-wrong-token' });
    const headers = [...(options.headers ?? []), 'X-Forwarded-For', from];
    return call(`${suite.manager.url}/console/session`, { ...options, headers });
  };
  for (let n = 0; n < 28; n++) expect((await signIn('198.51.100.1')).status).toBe(401);
  for (let n = 0; n < 3; n++) expect((await signIn('198.51.100.2')).status).toBe(401);
  const failed = async () => {
    const page = jsonOf(await ask('audit?limit=200', reader)) as unknown as AuditPageAnswer;
    return page.items.filter(({ operator }) => operator === null);
  };
  const timesOf = async (address: string) =>
    (await failed()).filter(({ from }) => from === address).map(({ times }) => times);
  await until(async () => (await timesOf('198.51.100.2')).includes(3));
  expect(await timesOf('198.51.100.2')).toEqual([3]);
  // Two entries of the same millisecond come in any order.
  const times = await timesOf('198.51.100.1');
  expect(times.toSorted((one, other) => other - one)).toEqual([8, ...Array(20).fill(1)]);
  expect((await failed())[0]).toMatchObject({ method: 'POST', path: '/console/session', status: 401 });
});
