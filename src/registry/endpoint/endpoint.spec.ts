import { describe, expect, it } from '@jest/globals';
import { botIdOf, ofBot, readCallbackUrl, readEndpoint, toAddress } from './endpoint.js';

describe('an endpoint', () => {
  it.each([
    ['http://10.0.0.5:3000', 'http://10.0.0.5:3000', ''],
    ['https://bots.example', 'https://bots.example', ''],
    ['http://host/', 'http://host', ''],
    ['http://host/bot-7', 'http://host', '/bot-7'],
    ['http://host/bot-7/', 'http://host', '/bot-7'],
    ['http://host/a/b//', 'http://host', '/a/b'],
    ['http://[::1]:8080/x', 'http://[::1]:8080', '/x'],
    ['HTTP://Host:80/Bot', 'http://host', '/Bot'],
    ['https://host:443', 'https://host', ''],
    ['http://host/%E5%AE%A2', 'http://host', '/%E5%AE%A2'],
    ['http://host/客', 'http://host', '/%E5%AE%A2'],
    [' http://host \n', 'http://host', ''],
  ])('is read: %s', (text, origin, basePath) =>
    expect(readEndpoint(text)).toMatchObject({ origin, basePath, href: origin + basePath }),
  );

  const NO_URL = 'be a URL like http://host:port or https://host/path';
  const NO_USER = 'not carry a user name or password';
  const NO_CONTROL = 'not contain control characters or backslashes';
  const NO_QUERY = 'end with its path, without a query or fragment';

  it.each([
    ['', NO_URL],
    ['host:8080', NO_URL],
    ['10.0.0.5:3000', NO_URL],
    ['/bot-7', NO_URL],
    ['ftp://host', NO_URL],
    ['file:///etc/hosts', NO_URL],
    ['ws://host', NO_URL],
    ['javascript:alert(1)', NO_URL],
    ['http://', NO_URL],
    ['http://host:65536', NO_URL],
    ['http://ho st', NO_URL],
    ['http://user:p4ssw0rd@host', NO_USER],
    ['http://user@host', NO_USER],
    ['http://:p4ssw0rd@host', NO_USER],
    ['http://host/?a=1', NO_QUERY],
    ['http://host/bot#end', NO_QUERY],
    ['http://host/?', NO_QUERY],
    ['http://host/#', NO_QUERY],
    ['http:host', NO_URL],
    ['\0http://host', NO_URL],
    ['http://host/a\tb', NO_CONTROL],
    ['http://host/a\nb', NO_CONTROL],
    ['http://host\\x', NO_CONTROL],
    ['ht\ntp://host', NO_URL],
  ])('is told what it must be instead: "%s"', (text, fault) =>
    expect(readEndpoint(text)).toEqual({ must: fault }),
  );

  it('has at most 2048 characters, as it goes over the wire', () => {
    const TOO_LONG = { must: 'be at most 2048 characters long, percent-encoded' };
    expect(readEndpoint(`http://host/${'a'.repeat(2_036)}`)).toHaveProperty('origin', 'http://host');
    expect(readEndpoint(`http://host/${'a'.repeat(2_037)}`)).toEqual(TOO_LONG);
    expect(readEndpoint(`http://host/${'客'.repeat(300)}`)).toEqual(TOO_LONG);
  });
});

describe('the URL of a callback bot', () => {
  const of = (text: string, botId: string) => {
    const url = readCallbackUrl(text);
    if ('must' in url) throw new Error(url.must);
    return ofBot(url, botId);
  };

  it('is its own, and shown and reached as it is', () => {
    const [one, other] = [of('http://host/cb/?kb=1', 'bot-1'), of('http://host/cb/?kb=1', 'bot-2')];
    expect([one, other].map(({ href }) => botIdOf(href))).toEqual(['bot-1', 'bot-2']);
    for (const { href, origin, path } of [one, other])
      expect([toAddress(href), origin, path]).toEqual(['http://host/cb', 'http://host', '/cb/']);
  });

  it('has no fragment by itself', () =>
    expect(readCallbackUrl('http://host/cb#bot-2')).toEqual({
      must: 'end with its path or query, without a fragment',
    }));
});
