import { beforeEach, expect, it } from '@jest/globals';
import { CorpTime } from './corp-time.js';

let corpTime: CorpTime;

beforeEach(() => {
  corpTime = new CorpTime();
});

it('knows no lag of the first event, of the newest and of one without CreateTime', () => {
  expect(corpTime.lagMs('ww1', 100, true)).toBe(0);
  expect(corpTime.lagMs('ww1', 130, true)).toBe(0);
  expect(corpTime.lagMs('ww1', 130, true)).toBe(0);
  expect(corpTime.lagMs('ww1', null, true)).toBe(0);
});

it('tells how far an event is behind the newest of its own corp, up to 10 minutes', () => {
  corpTime.lagMs('ww1', 10_000, true);
  expect(corpTime.lagMs('ww1', 9_990, true)).toBe(10_000);
  expect(corpTime.lagMs('ww1', 5, true)).toBe(600_000);
  expect(corpTime.lagMs('ww2', 5, true)).toBe(0);
});

it('takes no time from events whose keys nobody has proven', () => {
  corpTime.lagMs('ww1', 99_999, false);
  expect(corpTime.lagMs('ww1', 100, true)).toBe(0);
  expect(corpTime.lagMs('ww1', 90, false)).toBe(10_000);
});
