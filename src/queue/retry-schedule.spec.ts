import { describe, expect, it } from '@jest/globals';
import { FAST_STEPS, nextTry, SYNC_TOKEN_LIFE_MS } from './retry-schedule.js';
import { MESSAGE_LIFE_MS } from './message.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const FAST_MS = [1, 3, 10, 30, 60, 120, 180, 180].map((seconds) => seconds * SECOND_MS);
const SLOW_MS = [
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
  24 * HOUR_MS,
];
/** The middle of the jitter. */
const EVEN = 0.5;

/** All tries of one event that nobody takes, each failing at once. */
function triesOf(random: number): { readonly delayMs: number; readonly ageMs: number }[] {
  const tries = [];
  let ageMs = 0;
  for (let next = nextTry(0, 0, random); next !== null; next = nextTry(next.step, ageMs, random)) {
    ageMs += next.delayMs;
    tries.push({ delayMs: next.delayMs, ageMs });
  }
  return tries;
}

describe('while the sync token is good', () => {
  it.each([...FAST_MS.entries()])('try %i follows after %i ms', (step, delayMs) => {
    expect(nextTry(step, 0, EVEN)).toEqual({ step: Math.min(step + 1, FAST_STEPS), delayMs });
  });

  it.each([...FAST_MS.entries()])('try %i is up to 20 %% off %i ms', (step, delayMs) => {
    expect(nextTry(step, 0, 0)?.delayMs).toBe(delayMs * 0.8);
    expect(nextTry(step, 0, 1)?.delayMs).toBe(delayMs * 1.2);
  });

  it('goes on every 180 s where newer events have kept it good', () => {
    expect(nextTry(FAST_STEPS, MINUTE_MS, EVEN)).toEqual({ step: FAST_STEPS, delayMs: 180 * SECOND_MS });
  });
});

describe('when the next fast try would be too late for the sync token', () => {
  it.each([...FAST_MS.entries()])('the slow part begins, from step %i too', (step, delayMs) => {
    const lastMs = SYNC_TOKEN_LIFE_MS - delayMs;
    expect(nextTry(step, lastMs - 1, EVEN)?.delayMs).toBe(delayMs);
    expect(nextTry(step, lastMs, EVEN)).toEqual({ step: FAST_STEPS + 1, delayMs: SLOW_MS[0] });
  });
});

describe('when the sync token is past its time', () => {
  it.each([...SLOW_MS.entries()])('slow try %i follows after %i ms', (slowStep, delayMs) => {
    const step = FAST_STEPS + slowStep;
    expect(nextTry(step, SYNC_TOKEN_LIFE_MS, EVEN)).toEqual({ step: step + 1, delayMs });
    expect(nextTry(step, SYNC_TOKEN_LIFE_MS, 0)?.delayMs).toBe(delayMs * 0.8);
    expect(nextTry(step, SYNC_TOKEN_LIFE_MS, 1)?.delayMs).toBe(delayMs * 1.2);
  });

  it('no try is made that the puppet could pull nothing with', () => {
    const step = FAST_STEPS + SLOW_MS.length;
    expect(nextTry(step, MESSAGE_LIFE_MS - 24 * HOUR_MS - 1, EVEN)?.delayMs).toBe(24 * HOUR_MS);
    expect(nextTry(step, MESSAGE_LIFE_MS - 24 * HOUR_MS, EVEN)).toBeNull();
  });
});

describe('an event that nobody takes', () => {
  it('is tried 8 times fast, then slowly, each time of the contract once', () => {
    const delays = triesOf(EVEN).map(({ delayMs }) => delayMs);
    expect(delays).toEqual([...FAST_MS, ...SLOW_MS.slice(0, delays.length - FAST_MS.length)]);
    expect(delays.length).toBeGreaterThanOrEqual(FAST_MS.length + 6);
  });

  it.each([0, 0.1, 0.5, 0.9, 1])('has its last try within 3 days, with jitter %d', (random) => {
    const last = triesOf(random).at(-1);
    expect(last?.ageMs).toBeLessThan(MESSAGE_LIFE_MS);
    expect(last?.ageMs).toBeGreaterThan(MESSAGE_LIFE_MS - 2 * 24 * HOUR_MS);
  });
});
