import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import type { Parcel } from '../../dispatch/endpoint/parcel.js';
import type { RecordedAttempt } from '../../dispatch/endpoint/deliveries.js';
import type { EventQueue } from '../../queue/event-queue.js';
import { RESYNC_WINDOW_MS, ResyncBudget, RESYNCS_OF_PROBES } from '../../dispatch/later/resync-budget.js';
import type { Destinations } from '../../registry/accounts/destination.js';
import type { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import type { Pulls } from '../queue/pulls.js';
import type { Coverage } from './coverage.js';
import { CatchUp } from './catch-up.js';
import { EventlessPulls } from './eventless-pulls.js';
import type { SyncTokens } from '../../registry/bots/sync-tokens.js';
import type { Puller } from './puller.js';
import { MemoryCounters } from '../../storage/counters/memory-counters.js';
import type { Addressee } from '../../kernel/account.js';

const TAKEN: AttemptResult = { taken: true, status: 200 };
const FAILED: AttemptResult = { taken: false, stage: 'pull', reason: 'WeCom is away' };

const account = (n: number): Addressee => ({ corpId: 'wwCorp_1', openKfId: `wk${n}` });
const accounts = (count: number) => Array.from({ length: count }, (_, n) => account(n));

let clock: ManualClock;
let pulled: string[];
let result: AttemptResult;
let hintState: string | null;
let botOf: (openKfId: string) => string | null;
let catchUp: CatchUp;
let known: readonly Addressee[];
/** Accounts that WeCom has not any more. */
let gone: Set<string>;
/** When any replica has pulled the accounts. */
let pulledAtMs: number;

beforeEach(() => {
  [clock, pulled, result, hintState, pulledAtMs] = [new ManualClock(), [], TAKEN, null, 0];
  botOf = () => 'bot-1';
  gone = new Set();
  const find = ({ openKfId }: Addressee) => {
    const id = botOf(openKfId);
    return { bot: id === null ? null : { id }, isPulled: id !== null };
  };
  const puller = {
    start: ({ openKfId }: Parcel) => {
      pulled.push(openKfId);
      return { result: Promise.resolve(result) };
    },
  };
  const store: Partial<Pulls> = { pulledAtMs: async () => pulledAtMs };
  const kept = { find: async () => (hintState === null ? null : { state: hintState }) };
  const destinations = { find } as unknown as Destinations;
  const pulls = new EventlessPulls(
    puller as unknown as Puller,
    destinations,
    kept as unknown as EventQueue,
    store as Pulls,
    new ResyncBudget(new MemoryCounters(), clock, clock),
    { find: () => null } as unknown as SyncTokens,
    clock,
  );
  catchUp = new CatchUp(
    pulls,
    destinations,
    { refresh: async () => known } as Partial<Coverage> as Coverage,
    { has: ({ openKfId }) => (gone.has(openKfId) ? false : null) } as KnownAccounts,
    clock,
    clock,
  );
});

async function look(count = 1): Promise<void> {
  known = accounts(count);
  await catchUp.lookAtAll();
  await clock.advance(0);
}

describe('an account whose messages a bot takes', () => {
  it('is pulled once, and again when it gets another bot', async () => {
    await look();
    await look();
    expect(pulled).toEqual(['wk0']);
    botOf = () => null;
    await look();
    botOf = () => 'bot-2';
    await look();
    expect(pulled).toEqual(['wk0', 'wk0']);
  });

  it('is pulled again when the same bot gets it back within a minute', async () => {
    pulledAtMs = clock.nowMs() + 1;
    await clock.advance(2);
    await look();
    botOf = () => null;
    await look();
    botOf = () => 'bot-1';
    await look();
    expect(pulled).toEqual(['wk0', 'wk0']);
  });

  it('waits for its turn among those that a corp may have pulled without a sync token', async () => {
    botOf = (openKfId) => (openKfId === 'wk7' ? 'bot-2' : 'bot-1');
    await look(8);
    expect(pulled).toHaveLength(RESYNCS_OF_PROBES);
    expect(pulled.slice(0, 2)).toEqual(['wk0', 'wk7']);
    await clock.advance(RESYNC_WINDOW_MS);
    expect(new Set(pulled).size).toBe(8);
  });

  it('is pulled again later where that failed', async () => {
    result = FAILED;
    await look();
    await clock.advance(9_999);
    expect(pulled).toHaveLength(1);
    result = TAKEN;
    await clock.advance(1);
    await clock.advance(600_000);
    expect(pulled).toHaveLength(2);
  });

  it('is not pulled again where that failed because WeCom has it no more', async () => {
    [result, gone] = [FAILED, new Set(['wk0'])];
    await look();
    await clock.advance(3 * 600_000);
    expect(pulled).toEqual(['wk0']);
  });

  it('is left to an event of it that waits, to one that came, and to another replica', async () => {
    hintState = 'waiting';
    await look();
    [hintState, pulledAtMs] = [null, clock.nowMs() + 1];
    await look(2);
    pulledAtMs = 0;
    catchUp.pulled({ ...account(2), botId: 'bot-1' } as RecordedAttempt);
    await look(3);
    expect(pulled).toEqual([]);
  });
});
