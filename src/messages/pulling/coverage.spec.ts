import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { RecordedAttempt } from '../../dispatch/endpoint/deliveries.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import { accountKey } from '../../kernel/account.js';
import { PullNotes } from '../pull-notes.js';
import { Coverage } from './coverage.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const NOW_MS = 100_000;
const TAKEN: Pick<RecordedAttempt, 'result' | 'occasion' | 'isPulled' | 'atMs' | 'durationMs' | 'botId'> = {
  result: { taken: true, status: 200 },
  occasion: 'due',
  isPulled: false,
  atMs: 1_000,
  durationMs: 10,
  botId: null,
};
const REFUSED = { result: { taken: false, stage: 'status', reason: 'HTTP 500', status: 500 } } as const;
const PULL = {
  appId: 'app-1',
  takerId: 'bot-1',
  from: 'c1',
  cursor: 'c2',
  isAll: true,
  beganAtMs: NOW_MS - 20,
};

let written: unknown[];
let waitingSinceMs: number | null;
let nowMs: number;
let isShared: boolean;
let notes: PullNotes;
/** The accounts in the store, and the size of each page that was read of them. */
let kept: string[];
let pages: number[];
let coverage: Coverage;

beforeEach(() => {
  [written, waitingSinceMs, nowMs, isShared] = [[], null, NOW_MS, false];
  [kept, pages] = [[], []];
  const listAccounts = async (afterKey: string, limit: number) => {
    const all = kept
      .map((openKfId) => ({ ...ACCOUNT, openKfId }))
      .sort((a, b) => (a.openKfId < b.openKfId ? -1 : 1));
    const accounts = all.filter((one) => accountKey(one) > afterKey).slice(0, limit);
    pages.push(accounts.length);
    const last = accounts.length < limit ? undefined : accounts.at(-1);
    return { accounts, lastKey: last === undefined ? null : accountKey(last) };
  };
  const note =
    (what: string) =>
    async (_account: unknown, ...said: unknown[]) =>
      void written.push([what, ...said]);
  const store = {
    get isShared() {
      return isShared;
    },
    ...{ cover: note('cover'), moveCursor: note('move'), goBack: note('back'), beginAt: note('begin') },
    listAccounts,
  };
  const find = async () => (waitingSinceMs === null ? null : { waitingSinceMs });
  coverage = new Coverage(
    store as never,
    { find: (id: string) => ({ api: id === 'bot-of-tunnel' ? 'tunnel' : 'manager' }) } as never,
    { find } as never,
    new BackgroundWork(),
    { nowMs: () => nowMs } as StoreClock,
    pino({ level: 'silent' }),
  );
  const other = { pulled: () => {}, told: () => {} } as never;
  notes = new PullNotes(other, other, coverage, other);
});

async function ended(fields: Partial<RecordedAttempt> = {}): Promise<void> {
  notes.ended({ ...ACCOUNT, ...TAKEN, ...fields } as RecordedAttempt);
  await coverage.whenWritten(ACCOUNT);
}

describe('what others have taken of an account that was pulled', () => {
  beforeEach(() => coverage.pulled(ACCOUNT));

  it('is noted with the time at which it was told of: what is sent during its work is not among what it pulled', async () => {
    await ended({ atMs: 5_000, durationMs: 4_600 });
    expect(written).toEqual([['cover', 400, null]]);
  });

  it.each<[string, Partial<RecordedAttempt>]>([
    ['a pull of the manager, which ends when another bot has the account by now', { isPulled: true }],
    ['a test', { occasion: 'test' }],
    ['what was not taken', { result: { taken: false, stage: 'connect', reason: 'refused' } as never }],
    ['what is of another account', { openKfId: 'wkAccount-2' }],
  ])('is not %s', async (_what, fields) => {
    await ended(fields);
    expect(written).toEqual([]);
  });
});

describe('how far a program is that pulls through the manager', () => {
  it('is noted by its cursor, and by when it was told of the event that it took', async () => {
    coverage.moved(ACCOUNT, PULL);
    await ended({ botId: 'bot-1', atMs: NOW_MS + 500 });
    await ended({ botId: 'bot-of-tunnel', atMs: NOW_MS + 600 });
    expect(written).toEqual([
      ['move', PULL, NOW_MS],
      ['cover', NOW_MS + 490, 'bot-1'],
      ['cover', NOW_MS + 590, null],
    ]);
  });

  it('goes back to before the event that it did not take in the end, whichever process was asked', async () => {
    await ended({ botId: 'bot-1', atMs: NOW_MS + 500, durationMs: 600.5, ...REFUSED });
    expect(written).toEqual([['back', NOW_MS - 101, NOW_MS]]);
  });

  it('goes back farther where the clock of another replica may differ', async () => {
    isShared = true;
    await ended({ botId: 'bot-1', atMs: NOW_MS + 500, durationMs: 600, ...REFUSED });
    expect(written).toEqual([['back', NOW_MS - 600, NOW_MS + 500]]);
  });

  it('does not go back where a program pulls from elsewhere', async () => {
    await ended({ botId: 'bot-of-tunnel', atMs: NOW_MS + 500, durationMs: 600, ...REFUSED });
    expect(written).toEqual([]);
  });

  it('goes back to before a pull whose answer it has not read', async () => {
    coverage.moved(ACCOUNT, PULL);
    coverage.unread(ACCOUNT, PULL);
    await coverage.whenWritten(ACCOUNT);
    expect(written).toEqual([
      ['move', PULL, NOW_MS],
      ['back', PULL.beganAtMs, NOW_MS],
    ]);
  });

  it('stays where an event had not reached the program', async () => {
    coverage.moved(ACCOUNT, PULL);
    const result = { taken: false, stage: 'connect', reason: 'refused' } as const;
    await ended({ botId: 'bot-1', atMs: NOW_MS + 500, durationMs: 600, result });
    expect(written).toHaveLength(1);
  });
});

describe('a bot that gets an account of another one', () => {
  const begins = async () => {
    coverage.begins(ACCOUNT);
    await coverage.whenWritten(ACCOUNT);
    return written;
  };

  it('begins with what was sent since that one was told of the event that it took last', async () => {
    await ended({ botId: 'bot-1', atMs: 5_000, durationMs: 4_600 });
    expect(await begins()).toEqual([['begin', 400]]);
  });

  it('else with what it may be told of from now on, or waits', async () => {
    await begins();
    waitingSinceMs = 50_000;
    expect(await begins()).toEqual([
      ['begin', NOW_MS - 10_000],
      ['begin', 40_000],
    ]);
  });
});

describe('the accounts that are pulled', () => {
  const keepAccounts = (count: number, from = 0) =>
    void kept.push(...Array.from({ length: count }, (_, n) => `wk${String(from + n).padStart(6, '0')}`));

  it('are all known after the first look, and not read again where no other process pulls any', async () => {
    keepAccounts(12_500);
    expect(await coverage.refresh()).toHaveLength(12_500);
    expect(Math.max(...pages.splice(0))).toBe(1_000);
    coverage.pulled(ACCOUNT);
    expect(await coverage.refresh()).toHaveLength(12_501);
    expect(pages).toEqual([]);
  });

  it('of other replicas become known by turns, of 5,000 each time', async () => {
    isShared = true;
    keepAccounts(12_500);
    await coverage.refresh();
    pages.length = 0;
    keepAccounts(1_000, 12_500);
    const known: number[] = [];
    for (let n = 0; n < 3; n++) known.push((await coverage.refresh()).length);
    expect(pages.length).toBeLessThanOrEqual(15);
    expect(pages.reduce((sum, size) => sum + size, 0)).toBe(13_500);
    expect(known.at(-1)).toBe(13_500);
  });
});
