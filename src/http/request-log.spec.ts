import { describe, expect, it } from '@jest/globals';
import { redactUrl } from './request-log.js';

describe('a logged URL', () => {
  it.each([
    ['/getToken?corpid=ww1&corpsecret=hush', '/getToken?corpid=ww1&corpsecret=***'],
    ['/getToken?corpsecret=hush&corpid=ww1', '/getToken?corpsecret=***&corpid=ww1'],
    ['/proxy/kf/sync_msg?access_token=hush&debug=1', '/proxy/kf/sync_msg?access_token=***&debug=1'],
    ['/a?token=hush&token=hush', '/a?token=***&token=***'],
    ['/a?secret=hush&password=hush&suite_ticket=hush', '/a?secret=***&password=***&suite_ticket=***'],
    ['/a?CorpSecret=hush', '/a?CorpSecret=***'],
    ['/a?token=hush=hush%26hush?hush', '/a?token=***'],
    ['/a?token=', '/a?token=***'],
    ['/a?token=hush#hush', '/a?token=***'],
    ['/a?suite_access_token=hush&auth_code=hush', '/a?suite_access_token=***&auth_code=***'],
    ['/a?%74oken=hush', '/a?%74oken=***'],
  ])('shows no secret: %s', (url, expected) => expect(redactUrl(url)).toBe(expected));

  it.each([
    '/callback/ww1?msg_signature=5c45&timestamp=1409659589&nonce=263014780',
    '/puppetWxkfManager/getToken',
    '/a?corpid=ww1&page=3&x=token',
    '/token=1',
  ])('is otherwise shown as it came: %s', (url) => expect(redactUrl(url)).toBe(url));
});
