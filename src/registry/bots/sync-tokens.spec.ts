import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { KnownBots } from './known-bots.js';
import { type GoodToken, SyncTokens } from './sync-tokens.js';

const MINUTE_MS = 60_000;
const account = ['wwCorp', 'wkAccount'] as const;

let clock: ManualClock;
let tokens: SyncTokens;

beforeEach(() => {
  clock = new ManualClock();
  tokens = new SyncTokens(clock, { size: 1 } as KnownBots);
});

const note = (keysId: string, token: string, lagMs = 0): void =>
  tokens.note(...account, keysId, token, lagMs);

it('the newest token of an account is good for nine minutes after WeCom made it', async () => {
  note('old-keys', 'ENC1');
  note('old-keys', 'ENC2', MINUTE_MS);
  expect(tokens.find(...account)).toBe('ENC2');
  await clock.advance(8 * MINUTE_MS - 1);
  expect(tokens.find(...account)).toBe('ENC2');
  await clock.advance(1);
  expect(tokens.find(...account)).toBeNull();
  expect(tokens.findNewest(...account)).toBe('ENC2');
});

it('none is given while several apps send events of the account', () => {
  note('keys-of-one', 'ENC1');
  note('keys-of-another', 'ENC2');
  note('keys-of-one', 'ENC3');
  expect(tokens.find(...account)).toBeNull();
});

it('one is given again when the app has had new keys for nine minutes', async () => {
  note('old-keys', 'ENC1');
  for (let minute = 0; minute < 9; minute++) {
    note('new-keys', `ENC-${minute}`);
    expect(tokens.find(...account)).toBeNull();
    await clock.advance(MINUTE_MS);
  }
  note('new-keys', 'ENC9');
  expect(tokens.find(...account)).toBe('ENC9');
});

const TO = { corpId: 'wwCorp', openKfId: 'wkAccount' };

it('each token of an account is good for nine minutes after WeCom made it, whatever came later', async () => {
  note('keys', 'ENC1', MINUTE_MS);
  note('keys', 'ENC2');
  expect(['ENC1', 'ENC2', 'ENC3'].map((token) => tokens.isGood(TO, token))).toEqual([true, true, false]);
  expect(tokens.isGood({ ...TO, openKfId: 'wkOther' }, 'ENC1')).toBe(false);
  await clock.advance(8 * MINUTE_MS);
  note('keys', 'ENC3');
  expect(['ENC1', 'ENC2', 'ENC3'].map((token) => tokens.isGood(TO, token))).toEqual([false, true, true]);
});

it('a token that WeCom sends once more is not good for longer, and nobody is told of it again', async () => {
  const told: GoodToken[] = [];
  tokens.whenSeen((token) => told.push(token));
  note('keys', 'ENC1');
  await clock.advance(MINUTE_MS);
  note('keys', 'ENC1');
  await clock.advance(8 * MINUTE_MS);
  expect(tokens.isGood(TO, 'ENC1')).toBe(false);
  expect(told).toEqual([{ hash: expect.stringMatching(/^[\w-]{16}$/), leftMs: 9 * MINUTE_MS }]);
});

it('a token of which another replica tells is good for as long as it says', async () => {
  const other = new SyncTokens(clock, { size: 1 } as KnownBots);
  other.whenSeen((token) => tokens.hear({ ...token, leftMs: token.leftMs - 2_000 }));
  other.note(...account, 'keys', 'ENC1', 0);
  expect(tokens.isGood(TO, 'ENC1')).toBe(true);
  await clock.advance(9 * MINUTE_MS - 2_000);
  expect(tokens.isGood(TO, 'ENC1')).toBe(false);
});

it('a hundred thousand tokens are remembered, and then the older half is forgotten', () => {
  for (let n = 0; n <= 100_000; n++) note('keys', `ENC${n}`);
  const areGood = ['ENC49999', 'ENC50000', 'ENC100000'].map((token) => tokens.isGood(TO, token));
  expect(areGood).toEqual([false, true, true]);
});
