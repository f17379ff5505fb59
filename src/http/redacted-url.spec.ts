import { describe, expect, it } from '@jest/globals';
import { redactUrl } from './redacted-url.js';

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
  ])('shows no secret: %s', (url, expected) => expect(redactUrl(url)).toBe(expected));

  it.each([
    '/callback/ww1?msg_signature=5c45&timestamp=1409659589&nonce=263014780',
    '/puppetWxkfManager/getToken',
    '/a?corpid=ww1&limit=3&cursor=',
  ])('is otherwise shown as it came: %s', (url) => expect(redactUrl(url)).toBe(url));
});
