import { expect, it } from '@jest/globals';
import { isFile } from './console.controller.js';

it.each([
  ['favicon.svg', true],
  ['assets/index-Bq3.js', true],
  ['.well-known', true],
  ['', false],
  ['accounts', false],
  ['accounts/wkAAA', false],
  ['v1.2/accounts', false],
  ['index.html/', false],
])('%j: %s', (path, expected) => expect(isFile(path)).toBe(expected));

it('takes no time for a path of dots alone', () => {
  const before = process.cpuUsage();
  expect(isFile(`${'.'.repeat(150_000)}/`)).toBe(false);
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000);
});
