/** Large bodies through the API proxy of the built process, as they come. In how little memory: long/proxy-memory.spec.ts. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from '@jest/globals';
import { answerOf, open, read } from '../support/http-call.js';
import { proxySuite } from '../support/proxy-suite.js';
import type { Behaviour } from '../support/wecom-faults.js';
import { mediaChunks, mediaSha256 } from '../support/wecom-media.js';

const MB = 1024 * 1024;
/** Also more than CALLBACK_BODY_MAX_BYTES, which is not the proxy's limit. */
const FILE_BYTES = 20 * MB;

describe('a large body', () => {
  const suite = proxySuite();

  const upload = (bytes: number | null, target = 'media/upload') =>
    open(suite.url(target), {
      method: 'POST',
      headers: bytes === null ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(bytes)],
    });

  const framings: [string, number | null][] = [
    ['of a known length', FILE_BYTES],
    ['in chunks', null],
  ];

  it.each(framings)('comes from WeCom byte for byte, %s', async (_what, length) => {
    suite.wecom.behave('*', file(length));
    const response = await answerOf(open(suite.url('media/get')).end());
    expect(response.headers['content-length']).toBe(length === null ? undefined : String(length));
    expect(await digestOf(response)).toEqual({ bytes: FILE_BYTES, sha256: mediaSha256(FILE_BYTES) });
  });

  it.each(framings)(
    'goes to WeCom byte for byte, in part before the caller has sent all of it, %s',
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
