import { expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { SkewLimit } from './skew-limit.js';

const clock = new ManualClock();
const nowS = clock.nowMs() / 1_000;

it.each([nowS - 60, nowS, nowS + 60])('lets %i pass, which is a minute away at the most', (timestamp) => {
  expect(() => new SkewLimit(clock, { callbackSkewSMax: 60 }).check(String(timestamp))).not.toThrow();
});

it.each([nowS - 61, nowS + 61, 0, 1_000_000_000_000_000])(
  'refuses %i, and tells the log how far it is',
  (timestamp) => {
    const check = () => new SkewLimit(clock, { callbackSkewSMax: 60 }).check(String(timestamp));
    expect(check).toThrow(
      expect.objectContaining({ code: 'CALLBACK_TIMESTAMP_OFF', internal: { skewS: timestamp - nowS } }),
    );
  },
);

it('lets everything pass when it is off', () => {
  expect(() => new SkewLimit(clock, { callbackSkewSMax: 0 }).check('0')).not.toThrow();
});
