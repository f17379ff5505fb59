/** How long the API proxy waits: everything of it and of the manager around it, on a clock that stands still. */
import { once } from 'node:events';
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

it('counts the 30 s from the last byte that was sent', async () => {
  const exchange = taken('media/upload');
  const request = open(url('media/upload'), { method: 'POST', headers: ['Content-Length', '300000'] });
  request.write(Buffer.alloc(100_000));
  const { request: received, response } = await exchange;
  let bytes = 0;
  received.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  for (const end of [100_000, 200_000, 300_000]) {
    while (bytes < end) await once(received, 'data');
    await clock.advance(SILENCE_LIMIT_MS - 1);
    if (end < 300_000) request.write(Buffer.alloc(100_000));
  }
  response.end('taken');
  expect((await read(await answerOf(request))).body.toString()).toBe('taken');
});

it.each([
  ['whose caller sends no more', 100_000],
  ['that WeCom does not read', 20_000_000],
])('gives up on a body %s', async (_which, bytes) => {
  const exchange = taken('media/upload');
  const request = open(url('media/upload'), { method: 'POST', headers: ['Content-Length', '25000000'] });
  request.write(Buffer.alloc(bytes));
  let isAnswered = false;
  const answered = answerOf(request).then((response) => {
    isAnswered = true;
    return read(response);
  });
  const { request: received, call: upload } = await exchange;
  // Until the connections are full, bytes still move.
  while (!isAnswered) await clock.advance(SILENCE_LIMIT_MS);
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
