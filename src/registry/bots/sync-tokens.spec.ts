import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { KnownBots } from './known-bots.js';
import { SyncTokens } from './sync-tokens.js';

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
