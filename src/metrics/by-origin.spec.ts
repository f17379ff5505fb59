import { expect, it } from '@jest/globals';
import { byOrigin, toOrigin } from './by-origin.js';

it.each([
  ['http://puppet:8080/bot-7/marked', 'http://puppet:8080'],
  ['https://user:marked@puppet.example/', 'https://puppet.example'],
  ['http://[fd00::1]:80/x', 'http://[fd00::1]'],
  ['marked', 'other'],
])('%s is shown as %s', (url, origin) => {
  expect(toOrigin(url)).toBe(origin);
});

it('shows the hundred origins with the most, and the others together', () => {
  const counts = new Map(Array.from({ length: 150 }, (_, n) => [`http://puppet-${n}`, n + 1]));
  const samples = byOrigin(counts);
  expect(samples).toHaveLength(101);
  expect(samples[0]).toEqual({ labels: { origin: 'http://puppet-149' }, value: 150 });
  expect(samples[99]).toEqual({ labels: { origin: 'http://puppet-50' }, value: 51 });
  expect(samples[100]).toEqual({ labels: { origin: 'other' }, value: (50 * 51) / 2 });
});

it('has the others even where there are none, so that the sum is 0 and not nothing', () => {
  expect(byOrigin(new Map())).toEqual([{ labels: { origin: 'other' }, value: 0 }]);
});
