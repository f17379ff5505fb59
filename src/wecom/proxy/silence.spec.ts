import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Silence } from './silence.js';

let clock: ManualClock;
let calledAtMs: number[];
let silence: Silence;

beforeEach(() => {
  clock = new ManualClock();
  calledAtMs = [];
  silence = new Silence(clock, { pauseMs: 30_000, totalMs: 100_000 }, () =>
    calledAtMs.push(clock.elapsedMs()),
  );
});

afterEach(() => {
  silence.stop();
  expect(clock.pendingTimers).toBe(0);
});

it('is told once, when a pause was too long', async () => {
  await clock.advance(29_999);
  expect(calledAtMs).toEqual([]);
  await clock.advance(60_000);
  expect(calledAtMs).toEqual([30_000]);
});

it('counts a pause from the last sign of life', async () => {
  for (let n = 0; n < 3; n++) {
    await clock.advance(20_000);
    silence.broken();
  }
  await clock.advance(29_999);
  expect(calledAtMs).toEqual([]);
  await clock.advance(1);
  expect(calledAtMs).toEqual([90_000]);
});

it('is told that all of it takes too long, a pause late at most', async () => {
  for (let n = 0; n < 26; n++) {
    await clock.advance(5_000);
    silence.broken();
  }
  expect(calledAtMs).toHaveLength(1);
  expect(calledAtMs[0]).toBeLessThanOrEqual(130_000);
  expect(calledAtMs[0]).toBeGreaterThanOrEqual(100_000);
});

it('is not told once it was stopped', async () => {
  silence.stop();
  await clock.advance(100_000);
  expect(calledAtMs).toEqual([]);
});
