import { expect, it } from '@jest/globals';
import { HourCounts, hoursOf } from './hour-counts.js';

const HOUR_MS = 3_600_000;

function counted(...hours: readonly number[]): HourCounts {
  const counts = new HourCounts();
  for (const hour of hours) counts.add(hour * HOUR_MS);
  return counts;
}

const last = (hours: readonly number[], count: number) => hours.slice(-count);

it('are of the last 24 hours, the oldest first', () => {
  const hours = hoursOf([counted(100, 100, 101, 103).toJSON()], 103 * HOUR_MS);
  expect(hours).toHaveLength(24);
  expect(last(hours, 5)).toEqual([0, 2, 1, 0, 1]);
});

it('move on while nothing happens, and forget what is a day old', () => {
  const counts = counted(100, 101);
  expect(last(hoursOf([counts.toJSON()], 103 * HOUR_MS), 4)).toEqual([1, 1, 0, 0]);
  expect(hoursOf([counts.toJSON()], 125 * HOUR_MS).some((count) => count > 0)).toBe(false);
  counts.add(124 * HOUR_MS);
  expect(hoursOf([counts.toJSON()], 124 * HOUR_MS)).toEqual([1, ...new Array(22).fill(0), 1]);
});

it('are added up over processes, whichever counted last', () => {
  const all = [counted(100, 102).toJSON(), counted(99, 100).toJSON(), counted().toJSON()];
  expect(last(hoursOf(all, 102 * HOUR_MS), 4)).toEqual([1, 2, 0, 1]);
});

it('go into this hour where a clock is ahead', () => {
  expect(last(hoursOf([counted(103).toJSON()], 102 * HOUR_MS), 2)).toEqual([0, 1]);
});

it('do not go back with a clock that was set back', () => {
  expect(last(hoursOf([counted(102, 101).toJSON()], 102 * HOUR_MS), 2)).toEqual([0, 2]);
});
