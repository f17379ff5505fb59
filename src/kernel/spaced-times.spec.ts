import { expect, it } from '@jest/globals';
import { SpacedTimes } from './spaced-times.js';

const after = (...seconds: readonly number[]): readonly number[] => {
  const times = new SpacedTimes();
  for (const second of seconds) times.add(second * 1_000, 0);
  return times.all().map((ms) => ms / 1_000);
};

it('keeps what is apart, and the last', () => {
  expect(after()).toEqual([]);
  expect(after(5)).toEqual([5]);
  expect(after(5, 10, 20, 35, 40)).toEqual([5, 35, 40]);
  expect(after(5, 40, 35)).toEqual([5, 40]);
});

it('keeps what came first since an answer, however close to what came before', () => {
  const times = new SpacedTimes();
  const add = (second: number, answered: number) => times.add(second * 1_000, answered * 1_000);
  for (const second of [5, 7, 9]) add(second, 0);
  expect(times.all()).toEqual([5_000, 9_000]);
  // Given before the answer, and taken after it.
  add(10, 11);
  expect(times.all()).toEqual([]);
  for (const second of [12, 13, 14]) add(second, 11);
  expect(times.all()).toEqual([12_000, 14_000]);
  // Another that was given earlier and took longer.
  add(11.5, 11);
  expect(times.all()).toEqual([11_500, 12_000, 14_000]);
  add(15, 13);
  expect(times.all()).toEqual([14_000, 15_000]);
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
