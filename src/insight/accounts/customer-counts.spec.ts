import { expect, it } from '@jest/globals';
import { sumOf } from './customer-counts.js';

const count = (pool: number, poolSinceMs: number | null) => ({
  ...{ bot: 1, pool, people: 2, unmet: pool + 1 },
  ...{ poolSinceMs, unmetSinceMs: poolSinceMs },
});

it('customers of several accounts are added up, and the longest wait is the oldest one', () => {
  expect(sumOf([count(0, null), null, count(1, 2_000), count(2, 1_000)])).toEqual({
    ...{ bot: 3, pool: 3, people: 6, unmet: 6 },
    ...{ poolSinceMs: 1_000, unmetSinceMs: 1_000 },
  });
});

it('nothing is counted where no bot shares customers', () => {
  expect(sumOf([null, null])).toBeNull();
});
