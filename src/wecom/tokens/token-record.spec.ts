import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../kernel/secret.js';
import type { AccessToken, TokenRecord } from './access-token.js';
import { tokenIdOf } from './access-token.js';
import { afterGrant, afterRefusal, findRefusal, findUsable, secondsLeft } from './token-record.js';

const NOW_MS = Date.UTC(2026, 0, 2);
const SECRET = { secretId: 'secret-id', corpId: 'ww1' };

function token(value: string, expiresAtMs: number, isRevoked = false): AccessToken {
  const secret = new Secret(value);
  return { value: secret, id: tokenIdOf(secret), expiresAtMs, isRevoked };
}

function granted(
  before: AccessToken | null,
  value: string,
  expiresInS: number,
  nowMs = NOW_MS,
  trusted = false,
) {
  return afterGrant(
    SECRET,
    before,
    { value: new Secret(value), expiresInS },
    { askedAtMs: nowMs, nowMs },
    trusted,
  );
}

const expiryOf = (record: TokenRecord): number => (record.token?.expiresAtMs ?? 0) - NOW_MS;

describe('a token', () => {
  it('lives for what upstream says, from when it was asked', () => {
    const time = { askedAtMs: NOW_MS - 3_000, nowMs: NOW_MS };
    const record = afterGrant(SECRET, null, { value: new Secret('T1'), expiresInS: 7_200 }, time, false);
    expect(expiryOf(record)).toBe(7_197_000);
    expect(record).toMatchObject({ ...SECRET, refusal: null, answeredAtMs: NOW_MS });
  });

  it('lives no longer when it is given again, whatever time WeCom says then', () => {
    const before = token('T1', NOW_MS + 100_000);
    expect(expiryOf(granted(before, 'T1', 7_200))).toBe(100_000);
    expect(expiryOf(granted(before, 'T1', 60))).toBe(60_000);
  });

  it('is the old one for a minute after its end, and a new one then', () => {
    const before = token('T1', NOW_MS - 59_999);
    expect(expiryOf(granted(before, 'T1', 7_200))).toBe(-59_999);
    expect(expiryOf(granted(token('T1', NOW_MS - 60_000), 'T1', 7_200))).toBe(7_200_000);
  });

  it('lives for what a gateway says, also when it is given again', () => {
    expect(expiryOf(granted(token('T1', NOW_MS + 10_000), 'T1', 300, NOW_MS, true))).toBe(300_000);
  });

  it('knows those that it replaced, the newest first and some 100 of them', () => {
    let token: AccessToken | null = null;
    for (let n = 1; n <= 110; n++) ({ token } = granted(granted(token, `T${n}`, 60).token, `T${n}`, 60));
    const idOf = (value: string): string => tokenIdOf(new Secret(value));
    expect(token?.formerIds).toHaveLength(100);
    expect(token?.formerIds?.slice(0, 2)).toEqual([idOf('T109'), idOf('T108')]);
  });

  it('that is another one has its own time', () => {
    expect(expiryOf(granted(token('T1', NOW_MS + 10_000), 'T2', 7_200))).toBe(7_200_000);
  });

  it('is good again when WeCom gives it after a call said that it was not', () => {
    const record = granted(token('T1', NOW_MS + 10_000, true), 'T1', 7_200);
    expect(record.token).toMatchObject({ isRevoked: false, expiresAtMs: NOW_MS + 10_000 });
  });

  it('may be given out until its end, and once more where upstream gave it just now', () => {
    const record = { ...granted(null, 'T1', 10), answeredAtMs: NOW_MS - 60_000 };
    expect(findUsable(record, NOW_MS + 9_999)).not.toBeNull();
    expect(findUsable(record, NOW_MS + 10_000)).toBeNull();
    const late = granted(token('T1', NOW_MS - 1), 'T1', 7_200);
    expect(findUsable(late, NOW_MS + 999)).not.toBeNull();
    expect(findUsable(late, NOW_MS + 1_000)).toBeNull();
    const revoked = { ...record, token: token('T1', NOW_MS + 10_000, true) };
    expect(findUsable(revoked, NOW_MS)).toBeNull();
    expect(findUsable(null, NOW_MS)).toBeNull();
  });

  it.each([
    [7_200_000, 7_200],
    [7_199_999, 7_199],
    [1_999, 1],
    [999, 1],
    [-5_000, 1],
  ])('with %d ms to live is said to have %d s', (leftMs, seconds) => {
    expect(secondsLeft(token('T1', NOW_MS + leftMs), NOW_MS)).toBe(seconds);
  });
});

describe('a refusal', () => {
  const pausesOf = (errcode: number, times: number): number[] => {
    const pauses: number[] = [];
    let record: TokenRecord | null = null;
    for (let n = 0; n < times; n++) {
      record = afterRefusal(SECRET, record, { errcode, errmsg: 'x' }, NOW_MS);
      pauses.push(((record.refusal?.untilMs ?? 0) - NOW_MS) / 1_000);
    }
    return pauses;
  };

  it.each([40001, 40013, 40091, 41002, 41004])(
    'that will not heal, %d, stands from 10 s to 10 min',
    (errcode) => {
      expect(pausesOf(errcode, 8)).toEqual([10, 20, 40, 80, 160, 320, 600, 600]);
    },
  );

  it('by the frequency limit stands for a minute, and up to an hour', () => {
    expect(pausesOf(45009, 8)).toEqual([60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
  });

  it('since WeCom is busy stands for no time, and any other for 10 s', () => {
    expect(pausesOf(-1, 2)).toEqual([0, 0]);
    expect(pausesOf(60020, 2)).toEqual([10, 10]);
  });

  it('stands until its time, keeps the token, and begins anew after another one or a grant', () => {
    const first = afterRefusal(SECRET, granted(null, 'T1', 100), { errcode: 40001, errmsg: 'no' }, NOW_MS);
    expect(findRefusal(first, NOW_MS + 9_999)).toMatchObject({ errcode: 40001, errmsg: 'no', count: 1 });
    expect(findRefusal(first, NOW_MS + 10_000)).toBeNull();
    expect(first.token?.value.reveal()).toBe('T1');
    expect(findUsable(first, NOW_MS)).not.toBeNull();
    const other = afterRefusal(SECRET, first, { errcode: 40013, errmsg: 'no' }, NOW_MS);
    expect(other.refusal?.count).toBe(1);
    expect(granted(first.token, 'T1', 100).refusal).toBeNull();
  });
});
