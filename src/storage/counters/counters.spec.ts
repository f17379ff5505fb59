import { describe, expect, it } from '@jest/globals';
import { type CountTable, MemoryCounters } from './memory-counters.js';
import { type TimedCount, giveBackTo, takeFrom, toCounts } from './counters.js';

const NOW_MS = Date.UTC(2026, 0, 2, 12);
const LIMIT = { max: 6, windowMs: 60_000 };

const counts = (...all: [atMs: number, count: number][]): TimedCount[] =>
  all.map(([atMs, count]) => ({ atMs: NOW_MS + atMs, count }));

describe('a count', () => {
  it('is one more, and those that are over are left out', () => {
    expect(takeFrom(counts([-60_000, 6], [-59_999, 1]), LIMIT, NOW_MS)).toEqual({
      counts: counts([-59_999, 1], [0, 1]),
      taken: { count: 1, retryAtMs: null },
    });
  });

  it('is one with others of its time', () => {
    expect(takeFrom(counts([0, 2]), LIMIT, NOW_MS, 3).counts).toEqual(counts([0, 5]));
  });

  it('is put in its order, where a clock is a little late', () => {
    expect(takeFrom(counts([-5, 1], [7, 1]), LIMIT, NOW_MS).counts).toEqual(counts([-5, 1], [0, 1], [7, 1]));
  });

  it('is as much as there is room for', () => {
    expect(takeFrom(counts([-1, 4]), LIMIT, NOW_MS, 9)).toEqual({
      counts: counts([-1, 4], [0, 2]),
      taken: { count: 2, retryAtMs: null },
    });
  });

  it.each<[string, number, TimedCount[], number]>([
    ['the oldest', 6, counts([-50, 1], [-40, 5]), -50],
    [
      'so many that there is room, where more were counted than the limit',
      3,
      counts([-50, 2], [-40, 4]),
      -40,
    ],
  ])('is refused until the end of %s', (_what, max, before, atMs) => {
    expect(takeFrom(before, { ...LIMIT, max }, NOW_MS)).toEqual({
      counts: null,
      taken: { count: 0, retryAtMs: NOW_MS + atMs + 60_000 },
    });
  });

  it('far in the future is of before a clock was set back, and is left out', () => {
    expect(takeFrom(counts([3_600_000, 6]), LIMIT, NOW_MS).counts).toEqual(counts([0, 1]));
  });

  it('that is given back leaves the others of its time', () => {
    expect(giveBackTo(counts([-1, 1], [0, 2]), NOW_MS)).toEqual(counts([-1, 1], [0, 1]));
    expect(giveBackTo(counts([-1, 1], [0, 2]), NOW_MS - 1)).toEqual(counts([0, 2]));
    expect(giveBackTo(counts([-1, 1]), NOW_MS)).toBeNull();
  });

  it('is read from whatever is stored', () => {
    for (const spoilt of [undefined, null, 'x', 7, {}]) expect(toCounts(spoilt)).toEqual([]);
    expect(toCounts([...counts([1, 1], [0, 1]), { atMs: 0 }, { atMs: 'x', count: 1 }, null])).toEqual(
      counts([0, 1], [1, 1]),
    );
  });
});

it('counts in memory are forgotten when they are over', async () => {
  const table: CountTable = new Map();
  const counters = new MemoryCounters(table);
  for (let n = 0; n < 10_000; n++) await counters.take({ ...LIMIT, key: `key ${n}` }, NOW_MS + n * 1_000);
  expect(table.size).toBeLessThan(400);
  expect(await counters.take({ ...LIMIT, key: 'key 9999' }, NOW_MS + 9_999_000, 9)).toMatchObject({
    count: 5,
  });
});
