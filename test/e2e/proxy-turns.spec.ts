/** The places of a corp at WeCom, shared by the built process between the keys of its bots. */
import type { ClientRequest } from 'node:http';
import { afterEach, beforeAll, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { answerOf, call, jsonOf, open, postJsonBody } from '../support/http-call.js';
import { proxySuite } from '../support/proxy-suite.js';
import { until } from '../support/until.js';
import { type Exchange, hold, usual } from '../support/wecom-faults.js';
import { newApp, newOpenKfId } from '../support/wecom.js';

const OPERATOR = 'marked-operator-secret-of-turns';
/** More than is read whole, and less than would be there soon. */
const UPLOAD_BYTES = 200_000;
const BEGUN_BYTES = 70_000;
/** Of one corp, at once. */
const PLACES = 64;
/** What is left of them to callers that have few. */
const PLACES_LEFT = 16;
/** So many of them one caller may take. */
const OWN_PLACES = 4;

const suite = proxySuite({ AUTH_OPERATOR_TOKEN: OPERATOR });
const { corpId } = newApp();
const corpSecret = `secret-of-${corpId}`;
const uploads: ClientRequest[] = [];
let slow: string;
let other: string;
let third: string;

beforeAll(async () => {
  suite.wecom.addSecret(corpId, corpSecret);
  slow = await addBot('slow');
  other = await addBot('other');
  third = await addBot('third');
});

afterEach(async () => {
  for (const request of uploads.splice(0)) request.destroy();
  suite.wecom.behave('media/upload', usual);
  suite.wecom.closeIdle();
  await suite.wecom.allClosed();
});

/** @returns its key. */
async function addBot(name: string): Promise<string> {
  const fields = { name, corpId, openKfIds: [newOpenKfId()], kind: 'stream', corpSecret };
  const options = postJsonBody(fields);
  const headers = [...(options.headers ?? []), 'Authorization', `Bearer ${OPERATOR}`];
  const answer = await call(`${suite.manager.url}/api/v1/bots`, { ...options, headers });
  expect(answer.status).toBe(200);
  return (jsonOf(answer) as unknown as BotCreatedAnswer).key;
}

const urlOf = (key: string, api: string) => `${suite.manager.url}/bot/${key}/cgi-bin/${api}?corpid=${corpId}`;

/** An upload whose caller has sent only so much yet. */
function upload(key: string, bytes: number): ClientRequest {
  const headers = ['Content-Length', String(UPLOAD_BYTES)];
  const request = open(urlOf(key, 'media/upload'), { method: 'POST', headers });
  request.write(Buffer.alloc(bytes));
  uploads.push(request);
  return request;
}

const uploadsBy = (key: string, count: number, bytes: number) =>
  Array.from({ length: count }, () => upload(key, bytes));

const send = async (key: string) =>
  jsonOf(await call(urlOf(key, 'kf/send_msg'), postJsonBody({ touser: 'wm1', msgtype: 'text' })));

it('calls WeCom for no upload of which next to nothing has come', async () => {
  uploadsBy(slow, PLACES, 1);
  expect(await send(slow)).toMatchObject({ errcode: 0 });
  // Of another one, whose body is there in part, the call begins.
  upload(slow, BEGUN_BYTES);
  await until(() => suite.calls('media/upload').length > 0);
  expect(await send(other)).toMatchObject({ errcode: 0 });
  expect(suite.calls('media/upload').length).toBe(1);
});

it('answers one bot at once while uploads of another are slow', async () => {
  const slowUploads = uploadsBy(slow, PLACES, BEGUN_BYTES);
  await until(() => suite.calls('media/upload').length >= PLACES - PLACES_LEFT);
  expect(await send(other)).toMatchObject({ errcode: 0 });
  expect(suite.calls('media/upload').length).toBe(PLACES - PLACES_LEFT);
  // What waits has its turn as soon as there is a place.
  for (const request of slowUploads) request.end(Buffer.alloc(UPLOAD_BYTES - BEGUN_BYTES));
  const answers = await Promise.all(slowUploads.map(answerOf));
  expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
  for (const answer of answers) answer.resume();
});

it('answers a bot while the calls of two others hang', async () => {
  const held = hold();
  suite.wecom.behave('kf/send_msg', held);
  const calls = [slow, third].flatMap((key) => Array.from({ length: 100 }, () => send(key)));
  await until(() => suite.calls('kf/send_msg').length > PLACES - PLACES_LEFT);
  const list = await call(urlOf(other, 'kf/account/list'), postJsonBody({ offset: 0, limit: 100 }));
  expect(jsonOf(list)).toMatchObject({ errcode: 0 });
  held.release();
  for (const answer of await Promise.all(calls)) expect(answer).toMatchObject({ errcode: 0 });
  suite.wecom.behave('kf/send_msg', usual);
});

it('sends a message by a code before all calls of the corp that wait', async () => {
  const held: Exchange[] = [];
  suite.wecom.behave('kf/send_msg', (exchange) => void held.push(exchange));
  const replies = Array.from({ length: 60 }, () => send(slow));
  await until(() => held.length === PLACES - PLACES_LEFT);
  replies.push(...Array.from({ length: 10 }, () => send(third)));
  await until(() => held.length === PLACES - PLACES_LEFT + OWN_PLACES);
  const welcome = call(urlOf(slow, 'kf/send_msg_on_event'), postJsonBody({ code: 'c', msgtype: 'text' }));
  // This one came later, and has a place of its own: the message by a code waits now.
  const list = await call(urlOf(other, 'kf/account/list'), postJsonBody({ offset: 0, limit: 100 }));
  expect(jsonOf(list)).toMatchObject({ errcode: 0 });
  const next = suite.wecom.nextHead();
  for (const exchange of held.splice(0, OWN_PLACES + 1)) exchange.usual();
  expect((await next).api).toBe('kf/send_msg_on_event');
  expect(jsonOf(await welcome)).toMatchObject({ errcode: 0 });
  suite.wecom.behave('kf/send_msg', usual);
  for (const exchange of held) exchange.usual();
  for (const answer of await Promise.all(replies)) expect(answer).toMatchObject({ errcode: 0 });
});
