import { describe, expect, it } from '@jest/globals';
import { pathWithoutSecrets, redactUrl } from './redacted-url.js';

describe('a logged URL', () => {
  it.each([
    ['/getToken?corpid=ww1&corpsecret=hush', '/getToken?corpid=ww1&corpsecret=***'],
    ['/getToken?corpsecret=hush&corpid=ww1', '/getToken?corpsecret=***&corpid=ww1'],
    ['/proxy/kf/sync_msg?access_token=hush&debug=1', '/proxy/kf/sync_msg?access_token=***&debug=1'],
    ['/a?token=hush&token=hush', '/a?token=***&token=***'],
    ['/a?encodingAESKey=hush&code=hush&key=hush', '/a?encodingAESKey=***&code=***&key=***'],
    ['/a?token=hush=hush%26hush?hush', '/a?token=***'],
    ['/a?token=', '/a?token=***'],
    ['/a?token=hush#hush', '/a?token=***'],
    ['/a?%74oken=hush', '/a?***'],
    ['/a?hush', '/a?***'],
    ['/a?corpid=1;corpsecret=hush', '/a?corpid=***'],
    ['/a?corpsecret%3Dhush', '/a?***'],
    ['/a?corpid=http://x/?access_token=hush', '/a?corpid=***'],
    ['/getToken%3Fcorpsecret=hush', '/getToken***'],
    ['/getToken;corpsecret=hush', '/getToken***'],
    ['/getToken&corpsecret=hush', '/getToken***'],
    ['/getToken#corpsecret=hush', '/getToken***'],
    ['http://user:hush@host/a', 'http***'],
    ['/api/v1/apps?limit=hush&cursor=hush', '/api/v1/apps?limit=***&cursor=***'],
    // What an operator took for an id: a callback token, an encodingAESKey, a word.
    [`/api/v1/apps/${'T'.repeat(32)}`, '/api/v1/apps/***'],
    [`/api/v1/apps/${'K'.repeat(43)}?debug=1`, '/api/v1/apps/***?debug=1'],
    [`//api/v1//apps/${'K'.repeat(43)}/x`, '//api/v1//apps/***'],
    [`/api/v1/apps/${'a'.repeat(22)}/hush`, '/api/v1/apps/***'],
    [`/api/v1/apps/file-${'K'.repeat(43)}`, '/api/v1/apps/***'],
    ['/api/v1/apps/hush%20hush', '/api/v1/apps/***'],
    ['/api/v1/apps/hush', '/api/v1/apps/***'],
    ['/api/v1/operators/wxop_hush-hush_hush/token', '/api/v1/operators/***/token'],
  ])('shows no secret: %s', (url, expected) => expect(redactUrl(url)).toBe(expected));

  it('is cut where it is longer than 512 characters, and then shows no half of a secret', () => {
    expect(redactUrl(`/${'a'.repeat(511)}`)).toBe(`/${'a'.repeat(511)}`);
    expect(redactUrl(`/${'a'.repeat(512)}`)).toBe(`/${'a'.repeat(511)}…`);
    const key = 'K'.repeat(43);
    expect(redactUrl(`/api/v1/apps${'/'.repeat(478)}${key}`)).toBe(`/api/v1/apps${'/'.repeat(478)}***`);
    expect(redactUrl(`/a?${'corpid=ww1&'.repeat(100)}token=hush`)).toHaveLength(513);
  });

  it.each([
    '/callback/ww1?msg_signature=5c45&timestamp=1409659589&nonce=263014780',
    '/puppetWxkfManager/getToken',
    '/api/v1/apps',
    '/api/v1/apps/',
    '/api/v1/apps/HMc6yTt3-6TGuzXAhIN_Wg',
    '/api/v1/apps/file-HMc6yTt3-6TGuzXAhIN_Wg',
    '/api/v1/accounts/wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q/test',
  ])('is otherwise shown as it came: %s', (url) => expect(redactUrl(url)).toBe(url));
});

describe('the path of what an operator did', () => {
  it.each([
    [`/api/v1/apps/${'K'.repeat(43)}`, '/api/v1/apps/***'],
    [`//api/v1//apps/${'T'.repeat(32)}?token=hush`, '/api/v1/apps/***'],
    [`/api/v1/apps/${'%4B'.repeat(43)}`, '/api/v1/apps/***'],
    [`http://user:hush@host/api/v1/apps/${'K'.repeat(43)}`, '/api/v1/apps/***'],
    ['/api/v1/bots/wxkf_hush', '/api/v1/bots/***'],
    ['/api/v1/bots/%77xkf%5fhush/key', '/api/v1/bots/***/key'],
    ['/api/v1/operators/wxop_hush', '/api/v1/operators/***'],
    ['/api/v1/hints/wk1?corpId=hush', '/api/v1/hints/wk1'],
    ['/api/v1/hints/wk1#hush', '/api/v1/hints/wk1'],
  ])('shows no secret: %s', (url, expected) => expect(pathWithoutSecrets(url)).toBe(expected));

  it.each([
    '/api/v1/apps/HMc6yTt3-6TGuzXAhIN_Wg',
    '/api/v1/apps/file-HMc6yTt3-6TGuzXAhIN_Wg',
    '/api/v1/operators/alice@example.com/token',
    '/api/v1/operators/alice%40example.com',
    '/api/v1/accounts/wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q/test',
    '/api/v1/bots/%E5%AE%A2%E6%9C%8D',
    '/console/session',
  ])('is otherwise told as it came: %s', (url) => expect(pathWithoutSecrets(url)).toBe(url));
});
