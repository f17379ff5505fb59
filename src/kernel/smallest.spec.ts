import { expect, it } from '@jest/globals';
import { Smallest } from './smallest.js';

const ITEMS = Array.from({ length: 1_000 }, (_, n) => ({ key: (n * 7_919) % 500, n }));

it.each([1, 7, 500, 999, 1_000, 2_000])('the smallest %d of many are in order', (limit) => {
  const compare = (a: (typeof ITEMS)[number], b: (typeof ITEMS)[number]) => a.key - b.key || a.n - b.n;
  const smallest = new Smallest(limit, compare);
  for (const item of ITEMS) smallest.add(item);
  expect(smallest.list()).toEqual(ITEMS.toSorted(compare).slice(0, limit));
});

it('compares each with the largest of them alone, where that is enough', () => {
  let compared = 0;
  const smallest = new Smallest<number>(50, (a, b) => {
    compared++;
    return a - b;
  });
  for (let n = 0; n < 100_000; n++) smallest.add((n * 7_919) % 100_003);
  expect(smallest.list()).toHaveLength(50);
  expect(compared).toBeLessThan(110_000);
});
