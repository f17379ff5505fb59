import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { takeBody } from './proxy-body.js';

/** Longer than what is taken as a whole. */
const LARGE_BYTES = 100_000;

function streamOf(source: PassThrough, bytesMax: number) {
  const body = takeBody({ body: undefined, bodyStream: source }, bytesMax, new ManualClock());
  if (!('stream' in body)) throw new Error('it was taken as a whole');
  return body.stream;
}

it('keeps quiet of a caller that hangs up while nobody reads the body yet', async () => {
  const source = new PassThrough();
  const stream = streamOf(source, LARGE_BYTES);
  source.destroy();
  await turn();
  expect(stream.errored).toMatchObject({ name: 'CallerGone' });
});

it('keeps quiet of a body that is too large while nobody reads it yet', async () => {
  const source = new PassThrough();
  const stream = streamOf(source, 1);
  source.write('abc');
  await turn();
  expect(stream.errored).toMatchObject({ code: 'REQUEST_BODY_TOO_LARGE' });
});

it('lets the source run on when the rest of the body is not wanted, so that its connection can be used again', async () => {
  const source = new PassThrough();
  const stream = streamOf(source, 10 * LARGE_BYTES);
  source.write(Buffer.alloc(LARGE_BYTES));
  await turn();
  stream.destroy();
  source.end(Buffer.alloc(LARGE_BYTES));
  await once(source, 'end');
});
