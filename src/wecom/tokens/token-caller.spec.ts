import { expect, it } from '@jest/globals';
import { toTokenCaller } from './token-caller.js';

it('is the same for all addresses of a /64, and for one address in another form', () => {
  expect(toTokenCaller('puppet', '2001:db8:1:1::7')).toBe(toTokenCaller('puppet', '2001:db8:1:1:ffff::9'));
  expect(toTokenCaller('puppet', '2001:db8:1:2::7')).not.toBe(toTokenCaller('puppet', '2001:db8:1:1::7'));
  expect(toTokenCaller('puppet', '::ffff:10.0.0.1')).toBe(toTokenCaller('puppet', '10.0.0.1'));
});

it('is another for another role; where no secret is asked for, everybody is a puppet', () => {
  expect(toTokenCaller('gateway', '10.0.0.1')).not.toBe(toTokenCaller('puppet', '10.0.0.1'));
  expect(toTokenCaller(null, '10.0.0.1')).toBe(toTokenCaller('puppet', '10.0.0.1'));
});
