import { expect, it } from '@jest/globals';
import { HourCounts } from './hour-counts.js';

const HOUR_MS = 3_600_000;

function counted(...hours: readonly number[]): HourCounts {
  const counts = new HourCounts();
  for (const hour of hours) counts.add(hour * HOUR_MS);
  return counts;
}

const last = (hours: readonly number[], count: number) => hours.slice(-count);

it('are of the last 24 hours, the oldest first', () => {
  const hours = counted(100, 100, 101, 103).list(103 * HOUR_MS);
  expect(hours).toHaveLength(24);
  expect(last(hours, 5)).toEqual([0, 2, 1, 0, 1]);
});

it('move on while nothing happens, and forget what is a day old', () => {
  const counts = counted(100, 101);
  expect(last(counts.list(103 * HOUR_MS), 4)).toEqual([1, 1, 0, 0]);
  expect(counts.list(125 * HOUR_MS).some((count) => count > 0)).toBe(false);
  counts.add(124 * HOUR_MS);
  expect(counts.list(124 * HOUR_MS)).toEqual([1, ...new Array(22).fill(0), 1]);
});

it('are the same in whichever order they are counted', () => {
  expect(last(counted(102, 100, 99, 100, 70).list(102 * HOUR_MS), 4)).toEqual([1, 2, 0, 1]);
});

it('go into this hour where a clock is ahead', () => {
  expect(last(counted(103).list(102 * HOUR_MS), 2)).toEqual([0, 1]);
});
