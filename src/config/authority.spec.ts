import { expect, it } from '@jest/globals';
import { parseAuthority, toAuthorityText } from './authority.js';

it.each([
  ['qyapi.weixin.qq.com:443', 'qyapi.weixin.qq.com', 443],
  ['QYAPI.weixin.qq.com.:443', 'qyapi.weixin.qq.com', 443],
  ['192.0.2.1:8443', '192.0.2.1', 8443],
  ['[::1]:443', '::1', 443],
])('%s is a host and a port', (text, host, port) => {
  expect(parseAuthority(text)).toEqual({ host, port });
});

it.each([
  '',
  'host',
  ':443',
  'host:',
  'host:0',
  'host:65536',
  'host:443x',
  'user@host:443',
  'https://host:443',
  'host:443/path',
  '::1:443',
  'host :443',
])('%j is none', (text) => expect(parseAuthority(text)).toBeNull());

it('is written with brackets where it is IPv6', () => {
  expect(toAuthorityText({ host: '::1', port: 443 })).toBe('[::1]:443');
  expect(toAuthorityText({ host: 'host', port: 443 })).toBe('host:443');
});
