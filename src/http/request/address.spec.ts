import { describe, expect, it } from '@jest/globals';
import { toAddressKey } from './address.js';

describe('an address counts', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0a00:0001', '10.0.0.1'],
    ['10.0.0.1:40123', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
    ['', ''],
    [undefined, ''],
    ['x'.repeat(1_000), 'x'.repeat(64)],
  ])('%s for %s', (address, key) => expect(toAddressKey(address)).toBe(key));
});
