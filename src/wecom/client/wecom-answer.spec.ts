import { describe, expect, it } from '@jest/globals';
import { unlistedAddressOf } from './wecom-answer.js';

const MORE = 'more info at https://open.work.weixin.qq.com/devtool/query?e=60020';
const errmsg = (address: string) =>
  `not allow to access from your ip, hint: [1767225600123456789012345], from ip: ${address}, ${MORE}`;

describe('the address that WeCom does not list', () => {
  it.each(['203.0.113.7', '2001:db8::7', '::ffff:203.0.113.7'])(
    'is the one that its errmsg names: %s',
    (address) => {
      expect(unlistedAddressOf({ errcode: 60020, errmsg: errmsg(address) })).toBe(address);
    },
  );

  it('may end the errmsg', () => {
    expect(unlistedAddressOf({ errcode: 60020, errmsg: 'not allow, from ip: 10.0.0.9' })).toBe('10.0.0.9');
  });

  it.each([
    ['it names none', 'not allow to access from your ip'],
    ['it is no address', errmsg('999.0.0.1')],
    ['it is a network', errmsg('10.0.0.0/8')],
    ['it has a zone', errmsg('fe80::1%eth0')],
    ['it is markup', errmsg('<b>1.2.3.4</b>')],
    ['more follows than an address', errmsg('1.2.3.4 and 5.6.7.8')],
  ])('is not known where %s', (_why, text) => {
    expect(unlistedAddressOf({ errcode: 60020, errmsg: text })).toBeUndefined();
  });

  it('is not read of another errcode, which names the address as well', () => {
    expect(unlistedAddressOf({ errcode: 40001, errmsg: errmsg('203.0.113.7') })).toBeUndefined();
  });
});
