import { expect, it } from '@jest/globals';
import { decrypt, getSignature } from '@wecom/crypto';
import { newApp } from '../../test/support/wecom.js';
import { Secret } from '../kernel/secret.js';
import { isOwnEcho, toVerificationQuery } from './verification-query.js';

const app = newApp();
const keys = {
  corpId: app.corpId,
  callbackToken: new Secret(app.token),
  encodingAESKey: new Secret(app.encodingAESKey),
};

it('is signed and sealed as WeCom does it, and opens to its echo', () => {
  const { query, echo } = toVerificationQuery(keys, 1_769_846_400_999);
  const {
    msg_signature,
    timestamp = '',
    nonce = '',
    echostr = '',
  } = Object.fromEntries(new URLSearchParams(query));
  expect(timestamp).toBe('1769846400');
  expect(getSignature(app.token, timestamp, nonce, echostr)).toBe(msg_signature);
  expect(decrypt(app.encodingAESKey, echostr)).toMatchObject({ message: echo, id: app.corpId });
  expect(echo).toMatch(/^check\d{19}$/);
});

it('is another one each time, and holds neither key', () => {
  const [one, other] = [toVerificationQuery(keys, 0), toVerificationQuery(keys, 0)];
  expect(one.echo).not.toBe(other.echo);
  expect(one.query).not.toContain(app.token);
  expect(one.query).not.toContain(app.encodingAESKey);
});

it('is told from what WeCom asks', () => {
  expect(isOwnEcho(toVerificationQuery(keys, 0).echo)).toBe(true);
  for (const echo of ['1616140317555161061', 'check', 'check161614031755516106', 'xcheck1616140317555161061'])
    expect(isOwnEcho(echo)).toBe(false);
});
