import { describe, expect, it } from '@jest/globals';
import { validated } from '../http/answers/validation.js';
import { AppError } from '../kernel/app-error.js';
import { DecryptedEventDto, parseCallbackQuery, parseVerificationQuery } from './callback.dto.js';

const QUERY = {
  msg_signature: '5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3',
  timestamp: '1409659589',
  nonce: '263014780',
};
const ECHOSTR = 'P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==';

/** What a caller is told of a query or body that is refused. */
function detailOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError && error.code === 'REQUEST_INVALID') return error.detail;
    throw error;
  }
  throw new Error('nothing was refused');
}

function decryptedEvent(body: object): DecryptedEventDto {
  return validated(DecryptedEventDto, body);
}

describe('the query of a callback', () => {
  it('is taken as it came, without what else is in it', () => {
    expect(parseCallbackQuery({ ...QUERY, from: 'gateway' })).toEqual(QUERY);
  });

  it('has every wrong value named at once', () => {
    expect(detailOf(() => parseCallbackQuery({}))).toBe(
      'msg_signature must be given once and 40 lower-case hexadecimal digits; ' +
        'timestamp must be given once and a number of seconds; ' +
        'nonce must be given once and 1 to 128 printable characters',
    );
  });

  it.each([
    ['msg_signature', QUERY.msg_signature.toUpperCase()],
    ['msg_signature', QUERY.msg_signature.slice(1)],
    ['timestamp', ''],
    ['timestamp', '14096595x9'],
    ['timestamp', '1'.repeat(17)],
    ['nonce', ''],
    ['nonce', 'a b'],
    ['nonce', '随机'],
    ['nonce', 'n'.repeat(129)],
  ])('is refused when %s is "%s", and only that is named', (name, value) => {
    expect(detailOf(() => parseCallbackQuery({ ...QUERY, [name]: value }))).toMatch(
      RegExp(`^${name} must be [^;]+$`),
    );
  });

  it.each(Object.entries(QUERY))('is refused when %s is given twice, even alike', (name, value) => {
    const detail = detailOf(() => parseCallbackQuery({ ...QUERY, [name]: [value, value] }));
    expect(detail).toMatch(RegExp(`^${name} must be given once and [^;]+$`));
  });
});

describe('the query of a verification', () => {
  it('is taken as it came', () => {
    expect(parseVerificationQuery({ ...QUERY, echostr: ECHOSTR })).toEqual({ ...QUERY, echostr: ECHOSTR });
  });

  it('reads blanks in echostr as the + that was decoded once too often', () => {
    const echostr = ECHOSTR.replaceAll('+', ' ');
    expect(echostr).not.toBe(ECHOSTR);
    expect(parseVerificationQuery({ ...QUERY, echostr }).echostr).toBe(ECHOSTR);
  });

  it('has every wrong value named at once', () => {
    const detail = detailOf(() => parseVerificationQuery({ nonce: QUERY.nonce, echostr: 'not base64!' }));
    expect(detail?.match(/\w+(?= must be)/g)?.toSorted()).toEqual(['echostr', 'msg_signature', 'timestamp']);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['given twice', [ECHOSTR, ECHOSTR]],
    ['still percent-encoded', encodeURIComponent(ECHOSTR)],
  ])('is refused when echostr is %s', (_what, echostr) => {
    expect(detailOf(() => parseVerificationQuery({ ...QUERY, echostr }))).toMatch(
      /^echostr must be given once/,
    );
  });
});

describe('an event that a gateway opened', () => {
  it('is taken without what else is in it', () => {
    const event = { token: 'ENC1', openKfId: 'wk1', createTime: 1_348_831_860 };
    expect({ ...decryptedEvent({ ...event, event: 'kf_msg_or_event' }) }).toEqual(event);
  });

  it('has an empty sync token and no CreateTime when none is given', () => {
    expect({ ...decryptedEvent({ openKfId: 'wk1' }) }).toEqual({
      token: '',
      openKfId: 'wk1',
      createTime: null,
    });
  });

  it('may have its CreateTime as the text that stands in WeCom’s XML', () => {
    expect(decryptedEvent({ openKfId: 'wk1', createTime: '1348831860' }).createTime).toBe('1348831860');
  });

  it.each([-1, 1.5, '', 'now', true, [5], 1e13])('is refused when createTime is %j', (createTime) => {
    expect(detailOf(() => decryptedEvent({ openKfId: 'wk1', createTime }))).toBe(
      'createTime must be the CreateTime of the event, in whole seconds since the epoch',
    );
  });

  it('has every wrong field named at once', () => {
    const detail = detailOf(() => decryptedEvent({ token: 'T'.repeat(129) }));
    expect(detail?.match(/\w+(?= must be)/g)?.toSorted()).toEqual(['openKfId', 'token']);
  });

  it.each([5, {}, ['wk1'], '', 'wk/1', 'k'.repeat(65)])('is refused when openKfId is %j', (openKfId) => {
    expect(detailOf(() => decryptedEvent({ openKfId }))).toBe(
      'openKfId must be 1 to 64 letters, digits, "_" or "-"',
    );
  });

  it.each([5, true, {}, ['ENC1']])('is refused when token is %j', (token) => {
    expect(detailOf(() => decryptedEvent({ token, openKfId: 'wk1' }))).toMatch(
      /^token must be the sync token/,
    );
  });
});
