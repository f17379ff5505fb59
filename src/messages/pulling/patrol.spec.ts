import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Arrivals } from '../../dispatch/inline/arrivals.js';
import type { EventQueue } from '../../queue/event-queue.js';
import { ResyncBudget, resyncsOf, RESYNCS_OF_PATROL } from '../../dispatch/later/resync-budget.js';
import { type Addressee, accountKey } from '../../kernel/account.js';
import { AppError } from '../../kernel/app-error.js';
import { Metrics } from '../../metrics/metrics.js';
import type { Destinations } from '../../registry/accounts/destination.js';
import type { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import type { KnownBot, KnownBots } from '../../registry/bots/known-bots.js';
import type { SyncTokens } from '../../registry/bots/sync-tokens.js';
import type { WecomAccounts } from '../../wecom/calls/wecom-accounts.js';
import { MemoryCounters } from '../../storage/counters/memory-counters.js';
import type { Pulls } from '../queue/pulls.js';
import { MessageMetrics } from '../sending/message-metrics.js';
import type { Coverage } from './coverage.js';
import { EventlessPulls } from './eventless-pulls.js';
import { Patrol } from './patrol.js';
import { PATROL_TIMES } from './patrol-times.js';
import type { Look, Puller } from './puller.js';
import { UntoldMessages } from './untold-messages.js';
import { WatchedAccounts } from './watched-accounts.js';

const MINUTE_MS = 60_000;

let clock: ManualClock;
let bots: KnownBot[];
/** When any replica pulled each account last; shared, as the counters are. */
let pulledAtMs: Map<string, number>;
let counters: MemoryCounters;
let looks: { readonly account: Addressee; readonly atMs: number }[];
/** How many customers' messages the next looks find, by account. */
let lying: Map<string, number>;
let isStoreAway: boolean;
let arrivals: Arrivals;
/** Accounts that were pulled before, and those of them that WeCom has not any more. */
let pulledBefore: string[];
let gone: Set<string>;
/** Looks end so. */
let result: Look['result'];
/** The corps whose lists were asked for. */
let lookedUp: string[];

beforeEach(() => {
  [clock, bots, looks, isStoreAway] = [new ManualClock(), [], [], false];
  [pulledAtMs, lying, counters] = [new Map(), new Map(), new MemoryCounters()];
  arrivals = new Arrivals(clock);
  [pulledBefore, gone, lookedUp, result] = [[], new Set(), [], { taken: true, status: 200 }];
});

/** One of them for each corp. */
function addBots(corps: number, accountsOfEach: number): void {
  for (let n = 0; n < corps; n++) {
    const openKfIds = Array.from({ length: accountsOfEach }, (_, at) => `wk${n}_${at}`);
    const bot = { id: `bot-${n}`, corpId: `ww${n}`, takes: 'message', secrets: {}, openKfIds };
    bots.push(bot as unknown as KnownBot);
  }
}

function startReplica(): Patrol {
  const store = {
    pulledAtMs: async (account: Addressee) => {
      if (isStoreAway) throw new AppError('STORE_UNAVAILABLE');
      return pulledAtMs.get(accountKey(account)) ?? 0;
    },
  } as unknown as Pulls;
  const destinations = {
    find: ({ corpId }: Addressee) => ({ bot: bots.find((bot) => bot.corpId === corpId), isPulled: true }),
  } as unknown as Destinations;
  const puller = {
    look: async (account: Addressee): Promise<Look> => {
      const key = accountKey(account);
      looks.push({ account, atMs: clock.nowMs() });
      pulledAtMs.set(key, clock.nowMs());
      const customers = lying.get(key) ?? 0;
      lying.delete(key);
      return { result, found: { customers, firstSentAtMs: clock.nowMs() } };
    },
  } as unknown as Puller;
  const events = { find: async () => null } as unknown as EventQueue;
  const tokens = { find: () => null } as unknown as SyncTokens;
  const pulls = new EventlessPulls(
    puller,
    destinations,
    events,
    store,
    new ResyncBudget(counters, clock, clock),
    tokens,
    clock,
  );
  const known = {
    list: () => bots,
    find: (id: string) => bots.find((bot) => bot.id === id) ?? null,
  } as unknown as KnownBots;
  const coverage = { keys: () => pulledBefore } as unknown as Coverage;
  const accounts = {
    has: ({ openKfId }: Addressee) => (gone.has(openKfId) ? false : null),
  } as unknown as KnownAccounts;
  const wecom = { lookUp: async (corpId: string) => void lookedUp.push(corpId) } as unknown as WecomAccounts;
  const log = pino({ level: 'silent' });
  const watched = new WatchedAccounts(known, destinations, coverage, accounts, wecom);
  const untold = new UntoldMessages(store, arrivals, new MessageMetrics(new Metrics()), clock, log);
  const patrol = new Patrol(pulls, watched, untold, clock, clock, log);
  patrol.start();
  return patrol;
}

/** In steps, since a round takes some turns of the loop in which no time passes. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= PATROL_TIMES.roundMs) {
    await clock.advance(Math.min(left, PATROL_TIMES.roundMs));
    for (let turn = 0; turn < 20; turn++) await nextTurn();
  }
}

const ofCorp = (corpId: string) => looks.filter(({ account }) => account.corpId === corpId);

describe('the patrol', () => {
  it('leaves a corp half of its pulls without a sync token, however many replicas look', async () => {
    addBots(1, 500);
    startReplica();
    startReplica();
    await pass(20 * MINUTE_MS);
    const times = ofCorp('ww0').map(({ atMs }) => atMs);
    const most = times.map((from) => times.filter((atMs) => atMs >= from && atMs - from < MINUTE_MS).length);
    expect(Math.max(...most)).toBe(RESYNCS_OF_PATROL);
    expect((await counters.take(resyncsOf('ww0'), clock.nowMs(), 100)).count).toBe(RESYNCS_OF_PATROL);
    expect(new Set(looks.map(({ account }) => account.openKfId)).size).toBe(looks.length);
  });

  it('looks at 10,000 accounts of as many corps in turns, at five a second', async () => {
    addBots(10_000, 1);
    startReplica();
    await pass(PATROL_TIMES.quietMs + (10_000 / 5) * 1_000 + MINUTE_MS);
    expect(new Set(looks.map(({ account }) => account.corpId)).size).toBe(10_000);
    // Of four corps at a time.
    const rounds = Map.groupBy(looks, ({ atMs }) => atMs);
    expect(Math.max(...[...rounds.values()].map((same) => same.length))).toBeLessThan(50 + 4);
  });

  it('leaves an account of a bot of all others alone once WeCom has it no more, and asks for its list where a look fails', async () => {
    addBots(1, 0);
    bots[0] = { ...bots[0], openKfIds: ['*'] } as unknown as KnownBot;
    pulledBefore = ['ww0/wkHere', 'ww0/wkGone'];
    result = { taken: false, stage: 'pull', reason: 'WeCom answered kf/sync_msg with errcode 40058' };
    startReplica();
    await pass(PATROL_TIMES.quietMs + 2 * MINUTE_MS);
    expect(looks.map(({ account }) => account.openKfId)).toEqual(['wkHere', 'wkGone']);
    expect(lookedUp).toEqual(['ww0', 'ww0']);
    gone.add('wkGone');
    await pass(PATROL_TIMES.quietMs + 2 * MINUTE_MS);
    expect(looks.map(({ account }) => account.openKfId)).toEqual(['wkHere', 'wkGone', 'wkHere']);
  });

  it('asks for no list where the bot names its accounts', async () => {
    addBots(1, 1);
    result = { taken: false, stage: 'pull', reason: 'WeCom answered kf/sync_msg with errcode 95004' };
    startReplica();
    await pass(PATROL_TIMES.quietMs + MINUTE_MS);
    expect([looks.length, lookedUp]).toEqual([1, []]);
  });

  it('goes on when the store is back', async () => {
    addBots(1, 1);
    startReplica();
    isStoreAway = true;
    await pass(2 * PATROL_TIMES.quietMs);
    expect(looks).toEqual([]);
    isStoreAway = false;
    await pass(PATROL_TIMES.roundMs);
    expect(looks).toHaveLength(1);
  });

  it('looks at no account any more once it is stopped', async () => {
    addBots(1, 1);
    const patrol = startReplica();
    patrol.onApplicationShutdown();
    await pass(2 * PATROL_TIMES.quietMs);
    expect(looks).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a message that is found without an event', () => {
  const account = { corpId: 'ww0', openKfId: 'wk0_0' };
  const untold = () => arrivals.bots().flatMap((bot) => bot.untold);

  async function find(): Promise<void> {
    addBots(1, 1);
    startReplica();
    lying.set(accountKey(account), 1);
    await pass(PATROL_TIMES.quietMs + 2 * PATROL_TIMES.roundMs);
    expect(looks).toHaveLength(1);
  }

  it('is untold unless its event comes within 30 s', async () => {
    await find();
    expect(untold()).toEqual([]);
    await pass(PATROL_TIMES.settleMs);
    expect(untold()).toHaveLength(1);
    expect(arrivals.bots()).toMatchObject([{ botId: 'bot-0', lateMs: PATROL_TIMES.quietMs }]);
  });

  it('is told by an event that comes to this replica', async () => {
    await find();
    arrivals.came(account, 'bot-0');
    await pass(PATROL_TIMES.settleMs);
    expect(untold()).toEqual([]);
  });

  it('is told by an event that has another replica pull the account', async () => {
    await find();
    pulledAtMs.set(accountKey(account), clock.nowMs() + 1);
    await pass(PATROL_TIMES.settleMs);
    expect(untold()).toEqual([]);
  });

  it('is not judged while the store does not tell', async () => {
    await find();
    isStoreAway = true;
    await pass(PATROL_TIMES.settleMs);
    expect(untold()).toEqual([]);
  });
});
