/** Large bodies through the API proxy of the built process: as they come, and in little memory. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { answerOf, call, open, openSocket, read } from '../support/http-call.js';
import { PeakMemory } from '../support/process-memory.js';
import { proxySuite } from '../support/proxy-suite.js';
import { pour } from '../support/raw-server.js';
import { type Behaviour, beforeBody, type Exchange, flood } from '../support/wecom-faults.js';
import { mediaChunks, mediaSha256 } from '../support/wecom-media.js';

const MB = 1024 * 1024;
/** Also more than CALLBACK_BODY_MAX_BYTES, which is not the proxy's limit. */
const FILE_BYTES = 20 * MB;
const GROWN_MB_MAX = 30;
/** While something else has every chance to fill the memory. */
const ROUND_TRIPS = 200;

describe('a large body', () => {
  const suite = proxySuite({ PROXY_BODY_MAX_BYTES: String(1_024 * MB) });

  // What the first call loads is not of a body.
  beforeAll(async () => void (await call(suite.url('kf/warm-up'))));

  const upload = (bytes: number | null, target = 'media/upload') =>
    open(suite.url(target), {
      method: 'POST',
      headers: bytes === null ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(bytes)],
    });

  const framings: [string, number | null][] = [
    ['of a known length', FILE_BYTES],
    ['in chunks', null],
  ];

  it.each(framings)('goes to WeCom byte for byte, %s', async (_what, length) => {
    await expectLittleMemory(async () => {
      const request = upload(length);
      const answered = answerOf(request);
      await pipeline(Readable.from(mediaChunks(FILE_BYTES)), request);
      expect((await read(await answered)).status).toBe(200);
    });
    for (const { bodyBytes, sha256 } of suite.calls()) {
      expect({ bodyBytes, sha256 }).toEqual({ bodyBytes: FILE_BYTES, sha256: mediaSha256(FILE_BYTES) });
    }
  });

  it.each(framings)('comes from WeCom byte for byte, %s', async (_what, length) => {
    suite.wecom.behave('*', file(length));
    await expectLittleMemory(async () => {
      const response = await answerOf(open(suite.url('media/get')).end());
      expect(response.headers['content-length']).toBe(length === null ? undefined : String(length));
      expect(await digestOf(response)).toEqual({ bytes: FILE_BYTES, sha256: mediaSha256(FILE_BYTES) });
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

  it.each(framings)(
    'is with WeCom in part before the caller has sent all of it, %s',
    async (_what, length) => {
      const head = suite.wecom.nextHead();
      const request = upload(length);
      const chunks = mediaChunks(FILE_BYTES);
      for (let n = 0; n < 2; n++) request.write(chunks.next().value);
      await (await head).received(100_000);
      const answered = answerOf(request);
      await pipeline(Readable.from(chunks), request);
      expect((await answered).statusCode).toBe(200);
      expect((await head).sha256).toBe(mediaSha256(FILE_BYTES));
    },
  );

  it.each(['application/octet-stream', 'application/json'])(
    'is with the caller in part before WeCom has sent all of it: %s',
    async (type) => {
      const sent = Promise.withResolvers<(rest: string) => void>();
      suite.wecom.behave('*', ({ response }) => {
        response.writeHead(200, { 'Content-Type': type }).write('first ');
        sent.resolve((rest) => response.end(rest));
      });
      const response = await answerOf(open(suite.url('media/get')).end());
      const [first] = (await once(response, 'data')) as [Buffer];
      expect(first.toString()).toBe('first ');
      (await sent.promise)('last');
      expect((await read(response)).body.toString()).toBe('last');
    },
  );

  it('waits outside where WeCom does not read it', async () => {
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

  it('waits at WeCom where the caller does not read it', async () => {
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
});

function file(length: number | null): Behaviour {
  return ({ response }) => {
    response.writeHead(200, {
      'Content-Type': 'application/octet-stream',
      ...(length !== null && { 'Content-Length': length }),
    });
    pipeline(Readable.from(mediaChunks(FILE_BYTES)), response).catch(() => {});
  };
}

async function digestOf(response: IncomingMessage): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
