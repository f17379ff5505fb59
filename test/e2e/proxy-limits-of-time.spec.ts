/** How long the API proxy waits: everything of it and of the manager around it, on a clock that stands still. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { answerOf, call, jsonOf, open, read } from '../support/http-call.js';
import { type ManagerInProcess, startManagerInProcess } from '../support/manager-in-process.js';
import { ManualClock } from '../support/manual-clock.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { refusedUrl } from '../support/raw-server.js';
import { beforeBody, type Exchange, hang, usual } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const SILENCE_LIMIT_MS = 30_000;

let place: Place;
let clock: ManualClock;
let wecom: WecomServer;
let manager: ManagerInProcess;

beforeAll(async () => {
  place = embeddedPlace();
  clock = new ManualClock();
  wecom = await startWecomServer();
  manager = await startManagerInProcess({ ...place.env, WECOM_API_URL: wecom.url }, clock);
});

afterEach(async () => {
  for (const api of ['*', 'kf/slow', 'media/upload']) wecom.behave(api, usual);
  wecom.closeIdle();
  await wecom.allClosed();
});

afterAll(async () => {
  await manager.close();
  await wecom.close();
  await place.discard();
});

const url = (target: string, { url: base } = manager) =>
  `${base}/puppetWxkfManager/wxkfRequestProxy/${target}`;
const unreachable = {
  errcode: 504,
  errmsg: expect.stringMatching(/^WeCom cannot be reached or does not answer/),
};

/** Whatever the simulated WeCom does not say by itself. */
function taken(api: string): Promise<Exchange> {
  return new Promise((resolve) => wecom.behave(api, beforeBody(resolve)));
}

it('gives up on an answer that does not begin within 30 s', async () => {
  wecom.behave('*', hang());
  const before = wecom.calls.length;
  const arrived = wecom.next();
  const answered = call(url('kf/slow'));
  const { ended } = await arrived;
  await clock.advance(SILENCE_LIMIT_MS);
  const answer = await answered;
  expect([answer.status, jsonOf(answer)]).toEqual([504, unreachable]);
  expect(await ended).toBe('cut');
  expect(wecom.calls).toHaveLength(before + 1);
});

it('waits up to 30 s for it', async () => {
  const exchange = taken('kf/slow');
  const answered = call(url('kf/slow'));
  const { response } = await exchange;
  await clock.advance(SILENCE_LIMIT_MS - 1);
  response.end('late');
  expect((await answered).body.toString()).toBe('late');
});

it('cuts the caller off where an answer that has begun does not go on within 30 s', async () => {
  const exchange = taken('kf/slow');
  const request = open(url('kf/slow')).end();
  const { response, call: received } = await exchange;
  response.write('begun');
  const answer = await answerOf(request);
  await once(answer, 'data');
  await clock.advance(SILENCE_LIMIT_MS);
  await expect(read(answer)).rejects.toThrow('aborted');
  expect(await received.ended).toBe('cut');
});

it('goes on as long as something comes every 30 s', async () => {
  const exchange = taken('kf/slow');
  const request = open(url('kf/slow')).end();
  const { response } = await exchange;
  response.write('0');
  const answer = await answerOf(request);
  let got = '';
  answer.on('data', (chunk) => {
    got += chunk;
  });
  await once(answer, 'data');
  for (let n = 1; n < 4; n++) {
    await clock.advance(SILENCE_LIMIT_MS - 1);
    response.write(String(n));
    await once(answer, 'data');
  }
  response.end();
  await once(answer, 'end');
  expect(got).toBe('0123');
});

/** What a long body has to bring again and again. */
const PACE_BYTES = 32_768;
const PACE_MS = 20_000;

it('goes on with a body that brings enough every 20 s, and counts the 30 s from its end', async () => {
  const exchange = taken('media/upload');
  const bytes = 9 * PACE_BYTES;
  const request = open(url('media/upload'), { method: 'POST', headers: ['Content-Length', String(bytes)] });
  const part = Buffer.alloc(PACE_BYTES);
  request.write(part);
  const { request: received, response } = await exchange;
  let got = 0;
  received.on('data', (chunk: Buffer) => {
    got += chunk.length;
  });
  for (let end = PACE_BYTES; end <= bytes; end += PACE_BYTES) {
    while (got < end) await once(received, 'data');
    await clock.advance(PACE_MS - 1);
    if (end < bytes) request.write(part);
  }
  await clock.advance(SILENCE_LIMIT_MS - PACE_MS);
  response.end('taken');
  expect((await read(await answerOf(request))).body.toString()).toBe('taken');
});

it.each([
  ['before WeCom is called', 1],
  ['once WeCom is called', 100_000],
])('answers 408 to a long body that comes too slowly, %s', async (_when, bytes) => {
  const before = wecom.callsTo('media/upload').length;
  const head = wecom.nextHead('media/upload');
  const answered = Promise.withResolvers<IncomingMessage>();
  const request = open(url('media/upload'), { method: 'POST', headers: ['Content-Length', '200000'] });
  request.once('response', answered.resolve);
  request.write(Buffer.alloc(bytes));
  if (bytes > PACE_BYTES) await (await head).received(bytes);
  let isAnswered = false;
  void answered.promise.then(() => {
    isAnswered = true;
  });
  // A byte every 5 s, which is no silence.
  while (!isAnswered) {
    await new Promise((resolve) => request.write('x', resolve));
    await clock.advance(5_000);
  }
  const answer = await read(await answered.promise);
  expect([answer.status, jsonOf(answer)]).toEqual([
    408,
    { errcode: 408, errmsg: expect.stringMatching(/32768 bytes every 20 s/) },
  ]);
  request.destroy();
  const calls = wecom.callsTo('media/upload').slice(before);
  expect(await Promise.all(calls.map(({ ended }) => ended))).toEqual(bytes > PACE_BYTES ? ['cut'] : []);
});

it('gives up on a body that WeCom does not read', async () => {
  const exchange = taken('media/upload');
  const request = open(url('media/upload'), { method: 'POST', headers: ['Content-Length', '25000000'] });
  request.write(Buffer.alloc(20_000_000));
  let isAnswered = false;
  const answered = answerOf(request).then((response) => {
    isAnswered = true;
    return read(response);
  });
  const { request: received, call: upload } = await exchange;
  // Until the connections are full, bytes still move: in each second at least as many as while a short call takes.
  while (!isAnswered) {
    await call(`${manager.url}/health/live`);
    await clock.advance(1_000);
  }
  const answer = await answered;
  expect([answer.status, jsonOf(answer)]).toEqual([504, unreachable]);
  request.destroy();
  // Which shows it the end of the connection.
  received.resume();
  expect(await upload.ended).toBe('cut');
});

it('says at once that nobody listens', async () => {
  const own = embeddedPlace();
  const alone = await startManagerInProcess({ ...own.env, WECOM_API_URL: await refusedUrl() }, clock);
  for (const options of [{}, { method: 'POST', body: '{}' }]) {
    const answer = await call(url('kf/refused', alone), options);
    expect([answer.status, jsonOf(answer)]).toEqual([504, unreachable]);
    expect(jsonOf(answer).errmsg).toMatch(/no connection \(ECONNREFUSED\)/);
  }
  await alone.close();
  await own.discard();
});
