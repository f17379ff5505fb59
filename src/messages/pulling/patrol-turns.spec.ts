import { beforeEach, describe, expect, it } from '@jest/globals';
import { accountKey } from '../../kernel/account.js';
import { RESYNC_WINDOW_MS, RESYNCS_OF_PATROL } from '../../dispatch/later/resync-budget.js';
import { PATROL_TIMES } from './patrol-times.js';
import { PatrolTurns, type WatchedAccount } from './patrol-turns.js';

const DAYS_MS = 86_400_000;
const account = (n: number): WatchedAccount => ({ corpId: 'ww1', openKfId: `wk${n}`, botId: 'bot-1' });
const accounts = (count: number) => Array.from({ length: count }, (_, n) => account(n));

let turns: PatrolTurns;
let nowMs: number;
/** Those that were looked at, with when. */
let looks: { readonly openKfId: string; readonly atMs: number }[];

beforeEach(() => {
  [turns, nowMs, looks] = [new PatrolTurns(), 1_000 * DAYS_MS, []];
});

const cameIn = (n: number) => turns.pulled(accountKey(account(n)), nowMs, true, nowMs);

/** Looks as often as a corp allows without sync tokens. */
function pass(ms: number, meanwhile = () => {}): void {
  for (const endMs = nowMs + ms; nowMs < endMs; nowMs += RESYNC_WINDOW_MS / RESYNCS_OF_PATROL) {
    meanwhile();
    const due = turns.next(nowMs, () => false, false);
    if (due === null) continue;
    looks.push({ openKfId: due.openKfId, atMs: nowMs });
    turns.pulled(accountKey(due), nowMs, false, nowMs);
  }
}
const looksAt = (n: number) => looks.filter(({ openKfId }) => openKfId === account(n).openKfId);

describe('accounts for which no event comes', () => {
  it('have their turns one after the other, at most every five minutes', () => {
    turns.setAll(accounts(3), nowMs);
    pass(3 * PATROL_TIMES.quietMs);
    expect(looks.slice(0, 3).map(({ openKfId }) => openKfId)).toEqual(['wk0', 'wk1', 'wk2']);
    expect(looksAt(0)).toHaveLength(2);
  });

  it('go first every second time while they have customers of late', () => {
    turns.setAll(accounts(1_000), nowMs);
    pass(PATROL_TIMES.quietMs);
    cameIn(7);
    looks = [];
    pass(20 * 60_000);
    const gaps = looksAt(7).map(({ atMs }, n, all) => atMs - (all[n - 1]?.atMs ?? atMs));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * PATROL_TIMES.lateQuietMs);
    expect(looks.length - looksAt(7).length).toBeGreaterThan(looks.length / 2);
  });

  it('have their turn before three days are over, though there are 5,000, and others have customers all the time', () => {
    turns.setAll(accounts(5_000), nowMs);
    const busy = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    busy.forEach(cameIn);
    let last = 0;
    pass(3 * DAYS_MS, () => {
      // One of them has an event each minute, and is not looked at for it.
      if (nowMs - last < 60_000) return;
      last = nowMs;
      const n = busy.shift() ?? 0;
      busy.push(n);
      cameIn(n);
    });
    const seen = new Set(looks.map(({ openKfId }) => openKfId));
    expect(accounts(5_000).filter(({ openKfId }) => !seen.has(openKfId))).toHaveLength(0);
  });

  it('are not looked at without a sync token while the corp has had its pulls', () => {
    turns.setAll(accounts(3), nowMs);
    [0, 1].forEach(cameIn);
    nowMs += PATROL_TIMES.quietMs;
    expect(turns.next(nowMs, () => false, true)).toBeNull();
    expect(turns.next(nowMs, ({ openKfId }) => openKfId === 'wk1', true)).toMatchObject({ openKfId: 'wk1' });
  });

  it('are forgotten when their bot is gone', () => {
    turns.setAll(accounts(2), nowMs);
    turns.setAll([account(1)], nowMs);
    expect(turns.size).toBe(1);
  });
});
