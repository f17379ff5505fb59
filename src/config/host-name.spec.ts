import { describe, expect, it } from '@jest/globals';
import { isLoopbackHost, parseHostName } from './host-name.js';

describe('a host', () => {
  it.each([
    'localhost',
    'LocalHost',
    'localhost.',
    'a.localhost',
    '127.0.0.1',
    '127.255.0.1',
    '::ffff:127.0.0.1',
    '::1',
    '[::1]',
  ])('that means this machine alone: %s', (host) => expect(isLoopbackHost(host)).toBe(true));

  it.each([
    '',
    '.',
    'localhost..',
    'notlocalhost',
    'localhost.example',
    '0.0.0.0',
    '::',
    '[::1',
    '10.0.0.1',
    '128.0.0.1',
  ])('that may mean another: %s', (host) => expect(isLoopbackHost(host)).toBe(false));
});

describe('a host name', () => {
  it.each([
    ['wxkf-manager', 'wxkf-manager'],
    ['WXKF.Example.COM.', 'wxkf.example.com'],
    ['wxkf_manager', 'wxkf_manager'],
    ['客服.example', 'xn--ubtq9x.example'],
  ])('is read as it stands in a URL: %s', (text, name) => {
    expect(parseHostName(text)).toBe(name);
    expect(URL.parse(`http://${text}`)?.hostname.replace(/\.$/, '')).toBe(name);
  });

  it.each([
    '',
    '.',
    'a..b',
    '10.0.0.1',
    '10.1',
    '0x7f.1',
    '::1',
    '[::1]',
    'a:7777',
    'http://a',
    'a/b',
    'u@a',
    '*',
    '*.a',
  ])('is not: %s', (text) => expect(parseHostName(text)).toBeNull());
});
