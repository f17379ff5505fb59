import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { EventLoopDelay } from './event-loop-delay.js';

const HELD_UP_MS = 200;

let clock: ManualClock;
let delays: RecordableHistogram;
let delay: EventLoopDelay;

beforeEach(() => {
  clock = new ManualClock();
  delays = createHistogram();
  delay = new EventLoopDelay(clock, delays);
  delays.record(HELD_UP_MS * 1e6);
});

it('shows what held up the loop to everybody who looks, for 15 s at least', async () => {
  expect([delay.maxMs, delay.maxMs]).toEqual([HELD_UP_MS, HELD_UP_MS]);
  await clock.advance(15_000);
  delays.record(1e6);
  expect(delay.maxMs).toBe(HELD_UP_MS);
});

it('forgets it after 30 s at most', async () => {
  await clock.advance(15_000);
  delays.record(7e6);
  await clock.advance(15_000);
  expect(delay.maxMs).toBe(7);
});

it('ends with the service', () => {
  delay.onApplicationShutdown();
  expect(clock.pendingTimers).toBe(0);
});
