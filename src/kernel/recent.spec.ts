import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Recent } from './recent.js';

const AGE_MS_MAX = 5_000;

let clock: ManualClock;
let asked: number;
let isDown: boolean;
let recent: Recent<string>;

beforeEach(() => {
  clock = new ManualClock();
  asked = 0;
  isDown = false;
  recent = new Recent(clock, async () => {
    asked++;
    if (isDown) throw new Error('away');
    return 'here';
  });
});

const latest = (): Promise<string> => recent.latest(AGE_MS_MAX);

it('asks once for all who ask at a time', async () => {
  expect(await Promise.all([latest(), latest(), recent.latest(0)])).toEqual(['here', 'here', 'here']);
  expect(asked).toBe(1);
});

it('gives an answer again while it is recent, be it good or bad', async () => {
  isDown = true;
  await expect(latest()).rejects.toThrow('away');
  isDown = false;
  await clock.advance(AGE_MS_MAX - 1);
  await expect(latest()).rejects.toThrow('away');
  await clock.advance(1);
  expect(await latest()).toBe('here');
  expect(asked).toBe(2);
});

it('asks again at once for who takes nothing that is old', async () => {
  await latest();
  await recent.latest(0);
  expect(asked).toBe(2);
});
