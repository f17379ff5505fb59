import { expect, it } from '@jest/globals';
import { SpacedTimes } from './spaced-times.js';

const after = (...seconds: readonly number[]): readonly number[] => {
  const times = new SpacedTimes();
  for (const second of seconds) times.add(second * 1_000);
  return times.all().map((ms) => ms / 1_000);
};

it('keeps what is apart, and the last', () => {
  expect(after()).toEqual([]);
  expect(after(5)).toEqual([5]);
  expect(after(5, 10, 20, 35, 40)).toEqual([5, 35, 40]);
  expect(after(5, 40, 35)).toEqual([5, 40]);
});

it('keeps few of very many, the first and some of every age', () => {
  const endS = 3 * 86_400;
  const kept = after(...Array.from({ length: endS / 20 }, (_, n) => (n + 1) * 20));
  expect(kept.length).toBeLessThanOrEqual(13);
  expect(kept[0]).toBe(20);
  expect(kept.at(-1)).toBe(endS);
  // Each age has one that is at most six times as old.
  for (let ageS = 60; ageS < endS / 6; ageS *= 2)
    expect(kept.some((second) => endS - second >= ageS && endS - second <= 6 * ageS)).toBe(true);
});
