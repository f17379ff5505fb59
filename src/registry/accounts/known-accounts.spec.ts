import { beforeEach, describe, expect, it } from '@jest/globals';
import { newBot } from '../../../test/support/bots.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { registeredPuppet } from '../../../test/support/puppets.js';
import type { KnownBots } from '../bots/known-bots.js';
import type { RegistryImage } from '../puppets/registry-image.js';
import { KnownAccounts } from './known-accounts.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };

let clock: ManualClock;
let known: KnownAccounts;
let registeredBy: string | null;
let isNamed: boolean;

beforeEach(() => {
  [clock, registeredBy, isNamed] = [new ManualClock(), null, false];
  const image = {
    findPuppet: () => registeredBy && registeredPuppet({ ...ACCOUNT, corpId: registeredBy }),
  } as unknown as RegistryImage;
  const bots = { findListed: () => (isNamed ? newBot() : null) } as unknown as KnownBots;
  known = new KnownAccounts(image, bots, clock);
});

async function listed(openKfIds: readonly string[], isWhole = true): Promise<void> {
  await clock.advance(1);
  const names = new Map(openKfIds.map((openKfId) => [openKfId, 'name']));
  known.listed(ACCOUNT.corpId, { names, askedAtMs: clock.nowMs(), isWhole });
}

async function answered(isThere: boolean): Promise<void> {
  await clock.advance(1);
  known.answered(ACCOUNT, isThere);
}

describe('an account', () => {
  it('is not known to be there, or not, before anybody has said', async () => {
    expect(known.has(ACCOUNT)).toBeNull();
    await listed([], false);
    expect(known.has(ACCOUNT)).toBeNull();
    expect(known.has({ ...ACCOUNT, corpId: 'wwOther' })).toBeNull();
  });

  it('is there where a bot names it or a puppet of its corp has registered it, whatever WeCom says', async () => {
    await answered(false);
    registeredBy = 'wwOther';
    expect(known.has(ACCOUNT)).toBe(false);
    registeredBy = ACCOUNT.corpId;
    expect(known.has(ACCOUNT)).toBe(true);
    [registeredBy, isNamed] = [null, true];
    expect(known.has(ACCOUNT)).toBe(true);
  });

  it('is there or not as WeCom said last, by its list or by an answer', async () => {
    await listed([ACCOUNT.openKfId]);
    expect(known.has(ACCOUNT)).toBe(true);
    await answered(false);
    expect(known.has(ACCOUNT)).toBe(false);
    await answered(true);
    expect(known.has(ACCOUNT)).toBe(true);
    await listed([]);
    expect(known.has(ACCOUNT)).toBe(false);
    await listed([ACCOUNT.openKfId], false);
    expect(known.has(ACCOUNT)).toBe(true);
  });

  it('stays known, whatever others of its corp WeCom is asked about that it does not have', async () => {
    await answered(true);
    for (let n = 0; n < 20_000; n++) known.answered({ ...ACCOUNT, openKfId: `wk${n}` }, false);
    expect(known.has(ACCOUNT)).toBe(true);
    expect([...known.deniedSince(0)]).toHaveLength(10_000);
    expect([...known.deniedSince(clock.nowMs() + 1)]).toEqual([]);
  });
});
