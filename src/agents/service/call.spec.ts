import { expect, it } from '@jest/globals';
import type { Dispatcher as Undici } from 'undici';
import type { ConnectionPool } from '../../http/outgoing/connection-pools.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Call } from './call.js';

const OPENAI = { form: 'openai', timeoutMs: 60_000, handOverMark: '' } as const;
const POOL = { isFull: false, proxy: null, begin: () => {}, end: () => {}, send: () => {} };

function begin() {
  const controller = {
    isPaused: false,
    pause: () => (controller.isPaused = true),
    resume: () => (controller.isPaused = false),
    abort: () => {},
  };
  const undici = controller as unknown as Undici.DispatchController;
  const request = {} as Undici.DispatchOptions;
  const call = new Call(POOL as unknown as ConnectionPool, request, OPENAI, new ManualClock()).send();
  call.onRequestStart(undici);
  call.onResponseStart(undici, 200, { 'content-type': 'text/event-stream' });
  const come = (text: string) => call.onResponseData(undici, Buffer.from(text));
  return { call, controller, undici, come };
}

const words = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
/** As `SLICE_LENGTH`. */
const SLICE = 16_384;
const DONE = 'data: [DONE]\n\n';

/** How many turns the event loop has until it is settled. */
async function turnsUntil(settled: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isSettled = false;
  void settled.then(() => (isSettled = true));
  for (; !isSettled; turns++) await new Promise(setImmediate);
  return turns;
}

it('a long stream is read by turns of the event loop, and undici is paused meanwhile', async () => {
  const { call, controller, come } = begin();
  const stream = words('a').repeat(10_000);
  come(stream);
  expect(controller.isPaused).toBe(true);
  // As undici gives what it had read already, and what is left once the service has closed.
  come(words('b') + DONE);
  call.onResponseEnd();
  expect(await turnsUntil(call.answer)).toBeGreaterThanOrEqual(Math.floor(stream.length / SLICE));
  expect(await call.answer).toMatchObject({ said: { text: `${'a'.repeat(10_000)}b` } });
});

it('many small chunks of a stream take turns like a large one', async () => {
  const { call, controller, come } = begin();
  let chunks = 0;
  for (; !controller.isPaused; chunks++) come(':');
  expect(chunks).toBeLessThan(SLICE / 50);
  while (controller.isPaused) await new Promise(setImmediate);
  come(`\n${words('Hello')}${DONE}`);
  call.onResponseEnd();
  expect(await call.answer).toMatchObject({ said: { text: 'Hello' } });
});

it('what came before the connection broke is read before it is judged', async () => {
  const { call, undici, come } = begin();
  come(`${words('a').repeat(1_000)}${DONE}`);
  call.onResponseError(undici, new Error('broken'));
  expect(await call.answer).toMatchObject({ said: { text: 'a'.repeat(1_000) } });
});

it('one turn of the event loop has one slice of all streams', async () => {
  const calls = Array.from({ length: 4 }, begin);
  for (const { come, call } of calls) {
    come(words('a').repeat(2_000) + DONE);
    call.onResponseEnd();
  }
  const slices = Math.floor((4 * words('a').length * 2_000) / SLICE);
  const answers = Promise.all(calls.map(({ call }) => call.answer));
  expect(await turnsUntil(answers)).toBeGreaterThanOrEqual(slices);
});

it('an event of more than 1 MB is passed over', async () => {
  const { call, come } = begin();
  come(words('a') + words('b'.repeat(1_048_577)) + words('c') + DONE);
  call.onResponseEnd();
  expect(await call.answer).toMatchObject({ said: { text: 'ac' } });
});

it.each([
  [
    'more than 100,000 events',
    ':\n\n'.concat('data:\n\n'.repeat(100_001)),
    'the answer has more than 100,000 events',
  ],
  ['an event that is broken JSON', `${words('a')}data: {"choices\n\n`, 'an event of the stream is no JSON'],
])('a stream with %s is broken off', async (_what, stream, reason) => {
  const { call, come } = begin();
  come(stream);
  expect(await call.answer).toMatchObject({ broken: { stage: 'reset', reason, hasBegun: true } });
});

it('an answer of 100,000 events is read', async () => {
  const { call, come } = begin();
  come(`${'data:\n\n'.repeat(99_998)}${words('a')}${DONE}`);
  call.onResponseEnd();
  expect(await call.answer).toMatchObject({ said: { text: 'a' } });
});
