import { expect, it } from '@jest/globals';
import { HealthyLogLines } from './healthy-log-lines.js';

const takenOf = (lines: HealthyLogLines, names: readonly string[]) => names.map((name) => lines.takes(name));

it('takes the first line of a name and then every n-th, which stands for n', () => {
  const lines = new HealthyLogLines(3);
  expect(takenOf(lines, Array(7).fill('a'))).toEqual([true, false, false, true, false, false, true]);
  expect(lines.oneIn).toBe(3);
});

it('counts each name by itself', () => {
  expect(takenOf(new HealthyLogLines(1_000), ['a', 'a', 'b', 'a', 'b'])).toEqual([
    true,
    false,
    true,
    false,
    false,
  ]);
});

it('takes every line where that is wanted, which then does not speak of it', () => {
  const lines = new HealthyLogLines(1);
  expect(takenOf(lines, ['a', 'a', 'b'])).toEqual([true, true, true]);
  expect(lines.oneIn).toBeUndefined();
});
