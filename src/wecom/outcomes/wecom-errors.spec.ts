import { expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { WecomErrors } from './wecom-errors.js';

it('counts by operation and errcode, with when each was seen last', async () => {
  const clock = new ManualClock();
  const errors = new WecomErrors(clock);
  expect(errors.list()).toEqual([]);
  errors.add('gettoken', 40_001);
  errors.add('call', 45_009);
  const beganMs = clock.nowMs();
  await clock.advance(1_000);
  errors.add('gettoken', 40_001);
  errors.add('call', 987_654);
  errors.add('call', 987_655);
  const nowMs = clock.nowMs();
  expect(errors.list()).toEqual([
    { operation: 'call', errcode: '45009', count: 1, lastAtMs: beganMs },
    { operation: 'call', errcode: 'other', count: 2, lastAtMs: nowMs },
    { operation: 'gettoken', errcode: '40001', count: 2, lastAtMs: nowMs },
  ]);
});

it('adds up what several processes tell each other', async () => {
  const clock = new ManualClock();
  const [one, other] = [new WecomErrors(clock), new WecomErrors(clock)];
  one.add('gettoken', 40_001);
  await clock.advance(1_000);
  other.add('gettoken', 40_001);
  other.add('call', 45_009);
  for (const error of other.takeNews()) one.addOfOther(error);
  expect(one.list()).toEqual([
    { operation: 'call', errcode: '45009', count: 1, lastAtMs: clock.nowMs() },
    { operation: 'gettoken', errcode: '40001', count: 2, lastAtMs: clock.nowMs() },
  ]);
  expect([other.takeNews(), one.takeNews()]).toMatchObject([[], [{ errcode: '40001', count: 1 }]]);
});
