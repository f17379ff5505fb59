/** Large bodies through the API proxy of the built process, in little memory. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beforeAll, expect, it } from '@jest/globals';
import { answerOf, call, open, openSocket, read } from '../support/http-call.js';
import { PeakMemory } from '../support/process-memory.js';
import { proxySuite } from '../support/proxy-suite.js';
import { pour } from '../support/raw-server.js';
import { beforeBody, type Exchange, flood } from '../support/wecom-faults.js';
import { mediaChunks } from '../support/wecom-media.js';

const MB = 1024 * 1024;
const FILE_BYTES = 20 * MB;
const GROWN_MB_MAX = 30;
/** While something else has every chance to fill the memory. */
const ROUND_TRIPS = 200;

const suite = proxySuite({ PROXY_BODY_MAX_BYTES: String(1_024 * MB) });

// What the first call loads is not of a body.
beforeAll(async () => void (await call(suite.url('kf/warm-up'))));

const framings: [string, string[]][] = [
  ['of a known length', ['Content-Length', String(FILE_BYTES)]],
  ['in chunks', ['Transfer-Encoding', 'chunked']],
];

it.each(framings)('a large body goes to WeCom, %s', async (_what, headers) => {
  await expectLittleMemory(async () => {
    const request = open(suite.url('media/upload'), { method: 'POST', headers });
    const answered = answerOf(request);
    await pipeline(Readable.from(mediaChunks(FILE_BYTES)), request);
    expect((await read(await answered)).status).toBe(200);
  });
});

it.each(framings)('a large body comes from WeCom, %s', async (_what, headers) => {
  suite.wecom.behave('*', ({ response }) => {
    response.writeHead(200, ['Content-Type', 'application/octet-stream', ...headers]);
    pipeline(Readable.from(mediaChunks(FILE_BYTES)), response).catch(() => {});
  });
  await expectLittleMemory(async () => {
    const response = await answerOf(open(suite.url('media/get')).end());
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length;
    expect(bytes).toBe(FILE_BYTES);
  });
});

/** What passes through is garbage sooner than it is collected, so that one transfer alone says little. */
async function expectLittleMemory(transfer: () => Promise<void>): Promise<void> {
  const grownMb: number[] = [];
  for (let n = 0; n < 5; n++) {
    const memory = PeakMemory.from(suite.manager.pid);
    await transfer();
    grownMb.push(memory.grownMb());
  }
  const [, , median] = grownMb.sort((a, b) => a - b);
  expect(median).toBeLessThan(GROWN_MB_MAX);
}

it('a large body waits outside where WeCom does not read it', async () => {
  const stalled = Promise.withResolvers<Exchange>();
  suite.wecom.behave('media/upload', beforeBody(stalled.resolve));
  const memory = PeakMemory.from(suite.manager.pid);
  const { pathname } = new URL(suite.url('media/upload'));
  const head = `POST ${pathname} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${1_024 * MB}\r\n\r\n`;
  const socket = openSocket(suite.manager.url, head);
  pour(socket, 'x'.repeat(65_536));
  const { call: held, request } = await stalled.promise;
  await makeRoundTrips();
  expect(memory.grownMb()).toBeLessThan(GROWN_MB_MAX);
  // A caller that goes is noticed where its connection is read again.
  socket.destroy();
  request.resume();
  expect(await held.ended).toBe('cut');
});

it('a large body waits at WeCom where the caller does not read it', async () => {
  suite.wecom.behave('media/get', flood());
  const memory = PeakMemory.from(suite.manager.pid);
  const response = await answerOf(open(suite.url('media/get')).end());
  response.pause();
  await makeRoundTrips();
  expect(memory.grownMb()).toBeLessThan(GROWN_MB_MAX);
  response.destroy();
  expect(await suite.calls('media/get')[0]?.ended).toBe('cut');
});

async function makeRoundTrips(): Promise<void> {
  for (let n = 0; n < ROUND_TRIPS; n++) await call(suite.url('kf/round-trip'));
}
