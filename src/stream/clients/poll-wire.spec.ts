import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { EventFrame } from '../frames.js';
import { PollWire } from './poll-wire.js';

const NEVER = new Promise<void>(() => {});

let clock: ManualClock;
let sent: string[];
let lost: number;
let wire: PollWire;

beforeEach(() => {
  clock = new ManualClock();
  sent = [];
  lost = 0;
  wire = new PollWire(
    clock,
    ({ id }) => sent.push(id),
    () => lost++,
  );
});

function frame(id: string): EventFrame {
  return { type: 'event', id, attempt: 1, openKfId: `wk${id}`, corpId: 'ww1', ageMs: 0, token: 'ENC' };
}

const ask = async (waitMs: number, gone = NEVER) => (await wire.ask(waitMs, gone)).map(({ id }) => id);

it('answers with what waits, all of it at once', async () => {
  for (const id of ['1', '2']) wire.offer(frame(id));
  expect([await ask(1_000), sent]).toEqual([
    ['1', '2'],
    ['1', '2'],
  ]);
});

it('answers as soon as there is something, with all that comes in the same turn', async () => {
  const answer = ask(1_000);
  for (const id of ['1', '2']) wire.offer(frame(id));
  expect(await answer).toEqual(['1', '2']);
});

it('answers with nothing when the time is over, and when the client asks once more', async () => {
  const [first, second] = [ask(1_000), ask(1_000)];
  expect(await first).toEqual([]);
  await clock.advance(1_000);
  expect([await second, sent]).toEqual([[], []]);
});

it('keeps what comes for a caller that has hung up', async () => {
  const { promise: gone, resolve: hangUp } = Promise.withResolvers<void>();
  const answer = ask(1_000, gone);
  hangUp();
  await answer;
  wire.offer(frame('1'));
  expect(await ask(1_000)).toEqual(['1']);
});

it('forgets what is withdrawn', async () => {
  const kept = frame('1');
  wire.offer(kept);
  wire.withdraw(kept);
  const answer = ask(10);
  await clock.advance(10);
  expect(await answer).toEqual([]);
});

it('counts as connected for a minute after each answer, and while it waits', async () => {
  await clock.advance(59_000);
  const answer = ask(30_000);
  await clock.advance(30_000);
  await answer;
  await clock.advance(59_999);
  expect(lost).toBe(0);
  await clock.advance(1);
  expect(lost).toBe(1);
  expect(await ask(1_000)).toEqual([]);
});
