import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { loadConfig } from '../../config/config.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { KnownBots } from '../../registry/bots/known-bots.js';
import { MemoryCounters } from '../../storage/counters/memory-counters.js';
import { CallLimits } from './call-limits.js';
import { CallQuota } from './call-quota.js';
import type { CallLimit } from './call-windows.js';

/** The real one, which also tells what was counted. */
class WatchedQuota extends CallQuota {
  readonly counted: string[] = [];

  constructor(clock: ManualClock) {
    super(new MemoryCounters(), clock, clock, pino({ level: 'silent' }));
  }

  override take(key: string, limit: CallLimit): Promise<number | null> {
    this.counted.push(`${limit.name}: ${key}`);
    return super.take(key, limit);
  }
}

let quota: WatchedQuota;
let limits: CallLimits;
let clock: ManualClock;
let botsOfCorp = 0;

function open(environment: Record<string, string>): void {
  clock = new ManualClock(Date.UTC(2026, 0, 2));
  quota = new WatchedQuota(clock);
  const bots = { countOf: () => botsOfCorp } as unknown as KnownBots;
  limits = new CallLimits(quota, loadConfig(environment), bots, clock);
}

beforeEach(() =>
  open({
    CORP_CALLS_PER_MINUTE: '3',
    CORP_CALLS_PER_HOUR: '6',
    IP_CALLS_PER_MINUTE: '5',
    IP_CALLS_PER_HOUR: '9',
    TOKENLESS_SYNCS_PER_MINUTE: '2',
  }),
);

const take = (api: string, corpId: string | null = 'ww1', isTokenlessSync = false) =>
  limits.take({ corpId, api, tokenlessSync: isTokenlessSync ? { botId: '', openKfId: '' } : null });

async function takeMany(count: number, api: string, corpId: string | null = 'ww1') {
  const all = await Promise.all(Array.from({ length: count }, () => take(api, corpId)));
  return all.filter((waitS) => waitS === null).length;
}

describe('calls', () => {
  it('of one corp to one API have the limit of a corp, and are then told when to come again', async () => {
    limits.noteKnown('kf/send_msg');
    limits.noteKnown('kf/sync_msg');
    expect(await takeMany(10, 'kf/send_msg')).toBe(3);
    const waitS = await take('kf/send_msg');
    expect(waitS).toBeGreaterThan(50);
    expect(waitS).toBeLessThanOrEqual(60);
    expect(await takeMany(10, 'kf/sync_msg')).toBe(3);
  });

  it('of all corps to one API have the limit of the address', async () => {
    limits.noteKnown('kf/send_msg');
    expect(await takeMany(2, 'kf/send_msg', 'ww1')).toBe(2);
    expect(await takeMany(2, 'kf/send_msg', 'ww2')).toBe(2);
    expect(await takeMany(2, 'kf/send_msg', 'ww3')).toBe(1);
  });

  it('of one API in another case are the same calls', async () => {
    limits.noteKnown('KF/send_msg');
    expect([await takeMany(2, 'kf/send_msg'), await takeMany(2, 'KF/SEND_MSG')]).toEqual([2, 1]);
  });

  it('to APIs that WeCom has not answered share a count, whoever makes up their names', async () => {
    expect(await takeMany(2, 'made/up')).toBe(2);
    expect(await takeMany(2, 'made/up/2')).toBe(1);
    expect(new Set(quota.counted)).toEqual(
      new Set([
        'corp-minute: ww1 (other)',
        'corp-hour: ww1 (other)',
        'ip-minute: (other)',
        'ip-hour: (other)',
      ]),
    );
  });

  it('by tokens of nobody share a count', async () => {
    expect([await takeMany(4, 'a', null), await takeMany(2, 'a', 'ww1')]).toEqual([3, 2]);
  });

  it('that sync without a token have a limit of their own', async () => {
    limits.noteKnown('kf/sync_msg');
    expect(await take('kf/sync_msg', 'ww1', true)).toBeNull();
    expect(await take('kf/sync_msg', 'ww1', true)).toBeNull();
    expect(await take('kf/sync_msg', 'ww1', true)).toBeGreaterThan(0);
    expect(await take('kf/sync_msg', 'ww1', false)).toBeNull();
    expect(await take('kf/sync_msg', 'ww2', true)).toBeNull();
  });

  it('have the limits that WeCom documents where none are set', async () => {
    open({});
    const taken: CallLimit[] = [];
    quota.take = async (_key, limit) => {
      taken.push(limit);
      return null;
    };
    quota.takeSliding = async (_key, limit) => {
      taken.push(limit);
      return () => {};
    };
    await take('kf/sync_msg', 'ww1', true);
    expect(taken).toEqual([
      { name: 'tokenless-sync-minute', max: 9, windowMs: 60_000 },
      { name: 'corp-minute', max: 10_000, windowMs: 60_000 },
      { name: 'corp-hour', max: 150_000, windowMs: 3_600_000 },
      { name: 'ip-minute', max: 20_000, windowMs: 60_000 },
      { name: 'ip-hour', max: 600_000, windowMs: 3_600_000 },
    ]);
  });
});

describe('pulls without a sync token', () => {
  const MINUTE_MS = 60_000;

  beforeEach(() => {
    // The quota's own windows are not what is tried here.
    open({});
    quota.take = async () => null;
    quota.takeSliding = async () => () => {};
    botsOfCorp = 1;
  });

  async function pull(count: number, botId: string, openKfId = 'wk1'): Promise<number> {
    let granted = 0;
    for (let n = 0; n < count; n++) {
      const call = { corpId: 'ww1', api: 'kf/sync_msg', tokenlessSync: { botId, openKfId } };
      if ((await limits.take(call)) === null) granted++;
    }
    return granted;
  }

  it('are all of the one bot that the corp has', async () => {
    expect(await pull(20, 'one')).toBe(9);
  });

  it('are shared by bots that want them, and some are left for one that has not asked', async () => {
    botsOfCorp = 2;
    expect([await pull(20, 'one'), await pull(20, 'two')]).toEqual([7, 4]);
    await clock.advance(MINUTE_MS);
    expect([await pull(20, 'one'), await pull(20, 'two')]).toEqual([4, 4]);
    await clock.advance(2 * MINUTE_MS);
    expect(await pull(20, 'two')).toBe(7);
  });

  it('of a bot are shared by its accounts', async () => {
    for (const openKfId of ['wk1', 'wk2']) await pull(1, 'one', openKfId);
    expect([await pull(20, 'one', 'wk1'), await pull(20, 'one', 'wk2')]).toEqual([3, 3]);
  });

  it('go to those that had none for longest, where more want one than there are', async () => {
    const bots = Array.from({ length: 15 }, (_, n) => `bot ${n}`);
    botsOfCorp = bots.length;
    const round = async () => {
      const granted = [];
      for (const bot of bots) if ((await pull(1, bot)) === 1) granted.push(bot);
      return granted;
    };
    const first = await round();
    await clock.advance(MINUTE_MS);
    const second = await round();
    expect(new Set([...first, ...second])).toEqual(new Set(bots));
  });

  it('are told when to come again', async () => {
    await pull(10, 'one');
    await clock.advance(20_000);
    const call = { corpId: 'ww1', api: 'kf/sync_msg', tokenlessSync: { botId: 'one', openKfId: 'wk1' } };
    expect(await limits.take(call)).toBe(40);
  });

  it('of a bot go on with a token that is known later, and then do not count', async () => {
    let isGood = false;
    const as = { botId: 'one', openKfId: 'wk1', isGoodByNow: () => isGood };
    const call = { corpId: 'ww1', api: 'kf/sync_msg', tokenlessSync: as };
    for (let n = 0; n < 9; n++) expect(await limits.take(call)).toBeNull();
    const tenth = limits.take(call);
    isGood = true;
    await clock.advance(4_500);
    expect(await tenth).toBeNull();
    expect(await pull(20, 'one')).toBe(9);
  });

  it('of a bot whose token nobody has heard of count, and are refused once they are too many', async () => {
    const as = { botId: 'one', openKfId: 'wk1', isGoodByNow: () => false };
    const call = { corpId: 'ww1', api: 'kf/sync_msg', tokenlessSync: as };
    for (let n = 0; n < 9; n++) expect(await limits.take(call)).toBeNull();
    const tenth = limits.take(call);
    await clock.advance(4_500);
    expect(await tenth).toBe(60);
  });
});
