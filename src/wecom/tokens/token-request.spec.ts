import { expect, it } from '@jest/globals';
import { callerKeyOf } from './token-request.js';

const puppet = (ip: string): string => callerKeyOf({ role: 'puppet', ip });

it('a caller is the same at all addresses of a /64, and at one address in another form', () => {
  expect(puppet('2001:db8:1:1::7')).toBe(puppet('2001:db8:1:1:ffff::9'));
  expect(puppet('2001:db8:1:2::7')).not.toBe(puppet('2001:db8:1:1::7'));
  expect(puppet('::ffff:10.0.0.1')).toBe(puppet('10.0.0.1'));
});

it('a caller is another one with another role; where no secret is asked for, everybody is a puppet', () => {
  expect(callerKeyOf({ role: 'gateway', ip: '10.0.0.1' })).not.toBe(puppet('10.0.0.1'));
  expect(callerKeyOf({ role: null, ip: '10.0.0.1' })).toBe(puppet('10.0.0.1'));
});
