import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { readBody } from './proxy-body.js';

/** Longer than what is taken as a whole. */
const LARGE_BYTES = 100_000;

async function streamOf(source: PassThrough, bytesMax: number) {
  const headers = { 'content-length': String(LARGE_BYTES) };
  const body = await readBody({ body: undefined, bodyStream: source, headers }, bytesMax);
  if (!('stream' in body)) throw new Error('it was taken as a whole');
  return body.stream;
}

it('keeps quiet of a caller that hangs up while nobody reads the body yet', async () => {
  const source = new PassThrough();
  const stream = await streamOf(source, LARGE_BYTES);
  source.destroy();
  await turn();
  expect(stream.errored).toMatchObject({ name: 'CallerGone' });
});

it.each([3, 4])(
  'takes a short body that does not say its length up to the limit: of %d bytes',
  async (bytes) => {
    const source = new PassThrough();
    source.end(Buffer.alloc(bytes));
    const body = readBody({ body: undefined, bodyStream: source, headers: {} }, 3);
    if (bytes === 3) expect(await body).toEqual({ whole: Buffer.alloc(3) });
    else await expect(body).rejects.toMatchObject({ code: 'REQUEST_BODY_TOO_LARGE' });
  },
);

it('keeps quiet of a body that is too large while nobody reads it yet', async () => {
  const source = new PassThrough();
  const stream = await streamOf(source, 1);
  source.write('abc');
  await turn();
  expect(stream.errored).toMatchObject({ code: 'REQUEST_BODY_TOO_LARGE' });
});

it('lets the source run on when the rest of the body is not wanted, so that its connection can be used again', async () => {
  const source = new PassThrough();
  const stream = await streamOf(source, 10 * LARGE_BYTES);
  source.write(Buffer.alloc(LARGE_BYTES));
  await turn();
  stream.destroy();
  source.end(Buffer.alloc(LARGE_BYTES));
  await once(source, 'end');
});
