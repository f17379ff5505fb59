import { describe, expect, it } from '@jest/globals';
import { registeredPuppet } from '../../../test/support/puppets.js';
import { validated } from '../../http/answers/validation.js';
import { AppError } from '../../kernel/app-error.js';
import { DeregisterDto, RegisterDto, toGoodbye, toPuppetAnswer, toRegistration } from './register.dto.js';

/** The key of WeCom's own sample, which is no canonical base64, as most are not. */
const FROM = '10.0.0.1';
const BODY = {
  kfId: 'wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q',
  kfName: '客服一号',
  endpoint: 'http://10.0.0.5:3000/bot-7',
  corpId: 'wx5823bf96d3bd56c7',
  corpSecret: 'corp-secret_of.this+corp',
  token: 'QDG6eK',
  encodingAESKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
};

function parsed<T extends object>(dto: new () => T, body: object): T {
  return validated(dto, body);
}

/** What a puppet is told of a body that is refused. */
function detailOf<T extends object>(dto: new () => T, body: object): string | undefined {
  try {
    parsed(dto, body);
  } catch (error) {
    if (error instanceof AppError && error.code === 'REQUEST_INVALID') return error.detail;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a registration', () => {
  it('is taken as the deployed puppet sends it, with the key of the official sample', () => {
    const { corpSecret, callbackToken, encodingAESKey, ...open } = toRegistration(
      parsed(RegisterDto, BODY),
      FROM,
      '',
    );
    expect(open).toEqual({
      botId: '',
      openKfId: BODY.kfId,
      name: BODY.kfName,
      endpoint: BODY.endpoint,
      corpId: BODY.corpId,
      acceptedSecretId: null,
      from: FROM,
    });
    expect([corpSecret, callbackToken, encodingAESKey].map((secret) => secret.reveal())).toEqual([
      BODY.corpSecret,
      BODY.token,
      BODY.encodingAESKey,
    ]);
  });

  it('may have an empty name and each value at its longest', () => {
    const longest = {
      kfId: 'k'.repeat(64),
      corpId: 'c'.repeat(64),
      corpSecret: 's'.repeat(256),
      token: 't'.repeat(32),
    };
    expect({ ...parsed(RegisterDto, { ...BODY, ...longest, kfName: '' }) }).toMatchObject(longest);
    expect(parsed(RegisterDto, { ...BODY, kfName: '客'.repeat(128) }).kfName).toHaveLength(128);
  });

  const ID = '1 to 64 letters, digits, "_" or "-"';
  const CORP_ID = `${ID}, and not "callback" or "decrypted"`;
  const NAME = 'a name of at most 128 characters';
  const SECRET = 'the secret of the app, 1 to 256 printable characters without blanks';
  const TOKEN = "1 to 32 letters and digits, as in the app's callback settings";
  const KEY = "43 letters and digits, as in the app's callback settings";

  it.each([
    ['kfId', '', `${ID} (got 0 characters)`],
    ['kfId', 'wk 1', `${ID} (got 4 characters)`],
    ['kfId', 'k'.repeat(65), `${ID} (got 65 characters)`],
    ['kfId', 5, `${ID} (missing or not a string)`],
    ['kfName', null, `${NAME} (missing or not a string)`],
    ['kfName', 'n'.repeat(129), `${NAME} (got 129 characters)`],
    ['corpId', 'ww/../1', `${CORP_ID} (got 7 characters)`],
    ['corpId', 'callback', `${CORP_ID} (got 8 characters)`],
    ['corpId', undefined, `${CORP_ID} (missing or not a string)`],
    ['corpSecret', '', `${SECRET} (got 0 characters)`],
    ['corpSecret', 's'.repeat(257), `${SECRET} (got 257 characters)`],
    ['corpSecret', ['hush'], `${SECRET} (missing or not a string)`],
    ['token', '', `${TOKEN} (got 0 characters)`],
    ['token', 'hush-hush', `${TOKEN} (got 9 characters)`],
    ['token', 't'.repeat(33), `${TOKEN} (got 33 characters)`],
    ['encodingAESKey', BODY.encodingAESKey.slice(1), `${KEY} (got 42 characters)`],
    ['encodingAESKey', `${BODY.encodingAESKey}=`, `${KEY} (got 44 characters)`],
    ['encodingAESKey', BODY.encodingAESKey.replace('j', '+'), `${KEY} (got 43 characters)`],
    ['encodingAESKey', `${BODY.encodingAESKey}\n`, `${KEY} (got 44 characters)`],
  ])('is refused when %s is %j, and only that is named', (field, value, expected) => {
    expect(detailOf(RegisterDto, { ...BODY, [field]: value })).toBe(`${field} must be ${expected}`);
  });

  it.each([
    ['host:3000', 'endpoint must be a URL like http://host:port or https://host/path'],
    ['http://user:hush@host', 'endpoint must not carry a user name or password'],
    ['http://host?token=hush', 'endpoint must end with its path, without a query or fragment'],
    [`http://${'h'.repeat(2_042)}`, 'endpoint must be at most 2048 characters long, percent-encoded'],
    [null, 'endpoint must be a string'],
  ])('is refused for its endpoint: %s', (endpoint, detail) => {
    expect(detailOf(RegisterDto, { ...BODY, endpoint })).toBe(detail);
  });

  it('has every wrong field named at once', () => {
    const named = detailOf(RegisterDto, {})?.match(/\w+(?= must be )/g);
    const { token: _token, encodingAESKey: _key, ...required } = BODY;
    expect(named?.toSorted()).toEqual(Object.keys(required).toSorted());
  });

  it('is refused without a word of its token, key and secret', () => {
    const secrets = {
      token: 'hush_token',
      encodingAESKey: `hush${BODY.encodingAESKey}`,
      corpSecret: 'hush'.repeat(65),
    };
    const detail = detailOf(RegisterDto, { ...BODY, ...secrets, kfId: '' });
    expect(detail?.match(/ must be /g)).toHaveLength(4);
    expect(detail).not.toContain('hush');
    expect(detail).not.toContain(BODY.encodingAESKey);
  });
});

describe('a goodbye', () => {
  const { kfId, corpId, endpoint } = BODY;

  it('needs kfId and corpId, and what else the puppet sends is ignored', () => {
    const goodbye = toGoodbye(parsed(DeregisterDto, { kfId, corpId, kfName: 5 }), FROM);
    expect(goodbye).toEqual({ openKfId: kfId, corpId, endpoint: undefined, from: FROM });
    expect(detailOf(DeregisterDto, {})?.match(/\w+(?= must be)/g)).toEqual(['kfId', 'corpId']);
  });

  it('may name its endpoint, which is then checked', () => {
    expect(toGoodbye(parsed(DeregisterDto, { kfId, corpId, endpoint }), FROM).endpoint).toBe(endpoint);
    expect(detailOf(DeregisterDto, { kfId, corpId, endpoint: 'x' })).toMatch(/^endpoint must be a URL/);
    expect(detailOf(DeregisterDto, { kfId, corpId, endpoint: 5 })).toBe('endpoint must be a string');
  });
});

describe('what is shown of a registration', () => {
  const puppet = registeredPuppet({
    ...toRegistration(parsed(RegisterDto, BODY), FROM, ''),
    lastOnlineAtMs: 0,
  });
  const { kfId, kfName, endpoint, corpId } = BODY;

  it('has no secret, not even as ***', () => {
    const info = { kfId, kfName, endpoint, corpId, online: true, lastOnlineDate: '1970-01-01T00:00:00.000Z' };
    expect(toPuppetAnswer(puppet)).toEqual(info);
  });

  it('has no date where none was recorded', () => {
    expect(toPuppetAnswer({ ...puppet, lastOnlineAtMs: null }).lastOnlineDate).toBeNull();
  });
});
