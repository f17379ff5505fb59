import { expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { FailedAttempts } from './failed-attempts.js';

it('counts by address, for a minute from the first', async () => {
  const clock = new ManualClock();
  const attempts = new FailedAttempts(clock);
  expect(attempts.add('a')).toEqual({ count: 1, leftS: 60 });
  await clock.advance(30_500);
  expect(attempts.add('a')).toEqual({ count: 2, leftS: 30 });
  expect(attempts.add('b')).toEqual({ count: 1, leftS: 60 });
  await clock.advance(29_499);
  expect(attempts.add('a')).toEqual({ count: 3, leftS: 1 });
  await clock.advance(1);
  expect(attempts.add('a')).toEqual({ count: 1, leftS: 60 });
});

it('forgets the address that failed least lately when there are too many to remember', () => {
  const attempts = new FailedAttempts(new ManualClock());
  attempts.add('first');
  attempts.add('second');
  attempts.add('first');
  for (let n = 0; n < 9_999; n++) attempts.add(`address ${n}`);
  expect(attempts.add('first').count).toBe(3);
  expect(attempts.add('second').count).toBe(1);
});
