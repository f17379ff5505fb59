import { expect, it } from '@jest/globals';
import { nearestTo } from './suggestion.js';

const KNOWN = ['check', 'export', 'import', 'keys generate'];

it.each([
  ['chekc', 'check'],
  ['exprot', 'export'],
  ['inport', 'import'],
  ['imp', 'import'],
  ['keys', 'keys generate'],
  ['start', null],
  ['', null],
  ['x', null],
])('of %j is %j', (word, nearest) => {
  expect(nearestTo(word, KNOWN)).toBe(nearest);
});
