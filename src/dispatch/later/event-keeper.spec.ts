/** Events of bots that get each, as a process keeps them: `HintKeeper` is the door. */
import { reschedule, settle } from '../../../test/support/event-steps.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { kfEvent } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryEventQueue } from '../../../test/support/memory-event-queue.js';
import { rounds, SEED, seeded } from '../../../test/support/seeded.js';
import { Samples } from '../../../test/support/metrics.js';
import { AppError } from '../../kernel/app-error.js';
import { Metrics } from '../../metrics/metrics.js';
import { DispatchMetrics } from '../endpoint/dispatch-metrics.js';
import type { KfEvent } from '../../queue/kf-event.js';
import { MemoryQueueStore } from '../../../test/support/memory-queue.js';
import type { KeptLine } from '../../storage/queue/queue-store.js';
import type { NewHint } from '../../queue/event.js';
import { HintKeeper } from './hint-keeper.js';
import type { ClaimedHint, KeptHint } from '../../queue/event-queue.js';
import { toFailure } from '../../queue/failure.js';
import { toAddressee } from '../../kernel/account.js';

const LEASE_MS = 15_000;
const ACCOUNT = toAddressee(kfEvent());
/** Of an account, in the random run: fewer than may wait, since those that were taken leave a little later. */
const OWED_MAX = 15;
const NONE: ReadonlySet<string> = new Set();

/** Counts its writes, and fails or waits when it is told to. */
class TestStore extends MemoryQueueStore {
  writes = 0;
  before: () => Promise<void> = async () => {};

  override async write(before: KeptLine | null, after: KeptLine | null): Promise<boolean> {
    if (after !== null) {
      this.writes++;
      await this.before();
    }
    return super.write(before, after);
  }
}

let clock: ManualClock;
let store: TestStore;
let events: MemoryEventQueue;
let metrics: Metrics;
let keeper: HintKeeper;

beforeEach(() => {
  clock = new ManualClock();
  store = new TestStore();
  events = new MemoryEventQueue(store);
  metrics = new Metrics();
  keeper = new HintKeeper(events, new DispatchMetrics(metrics), clock, pino({ level: 'silent' }));
});

const eventOf = (n: number): KfEvent => kfEvent({ id: `event-${n}`, createdAtS: n });

const keep = (n: number, fields: Partial<NewHint> = {}): Promise<KeptHint> =>
  keeper.keep({
    event: eventOf(n),
    keepsEach: true,
    isFirst: () => false,
    keysId: null,
    arrivedAtMs: clock.nowMs() + n,
    attempts: 1,
    step: 1,
    dueAtMs: clock.nowMs(),
    endpoint: 'http://bot:5300',
    failure: null,
    lease: null,
    ...fields,
  });

/** While its attempt is under way. */
const keepLate = (n: number): Promise<KeptHint> =>
  keep(n, { lease: { id: `late-${n}`, untilMs: clock.nowMs() + LEASE_MS } });

async function waiting(): Promise<string[]> {
  await keeper.whenWritten();
  const hint = await events.find(ACCOUNT);
  return hint === null ? [] : [hint, ...hint.later].map(({ event }) => event.id);
}

async function due(): Promise<ClaimedHint[]> {
  await keeper.whenWritten();
  return [...(await events.lines.claimDue(clock.nowMs(), 9, LEASE_MS, NONE))];
}

it('keeps each of those that come at once, in two writes', async () => {
  await Promise.all([1, 2, 3, 4, 5].map((n) => keep(n)));
  expect(await waiting()).toEqual([1, 2, 3, 4, 5].map((n) => `event-${n}`));
  expect(store.writes).toBe(2);
});

it('counts those that gave way to newer ones, once', async () => {
  await Promise.all(Array.from({ length: 25 }, (_, n) => keep(n)));
  expect(new Samples(await metrics.registry.metrics()).value('wxkf_hints_coalesced_total')).toBe(5);
});

it('says so when they cannot be kept, and removes one that was taken all the same', async () => {
  store.before = async () => {
    throw new AppError('STORE_UNAVAILABLE');
  };
  const kept = await Promise.allSettled([keepLate(1), keep(2)]);
  expect(kept.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(keeper.isFailing).toBe(true);
  store.before = async () => {};
  await keep(1);
  expect(keeper.isFailing).toBe(false);
  keeper.lateEnded(eventOf(1), true);
  expect(await waiting()).toEqual([]);
});

it('an event that is taken settles no other one', async () => {
  await keep(1);
  await keep(2);
  expect(keeper.taken(eventOf(3), true)).toBe(false);
  expect(await waiting()).toEqual(['event-1', 'event-2']);
  expect(keeper.taken(eventOf(2), true)).toBe(true);
  expect(await waiting()).toEqual(['event-1']);
});

it('nor one that was kept before the bot got each', async () => {
  await keep(1, { keepsEach: false });
  expect(keeper.taken(eventOf(2), true)).toBe(false);
  expect(await waiting()).toEqual(['event-1']);
  expect(keeper.taken(eventOf(1), true)).toBe(true);
  expect(await waiting()).toEqual([]);
});

it('asks nothing of the queue for an event that was not kept, or waits no longer', async () => {
  await keep(1);
  const [hint] = await due();
  if (hint === undefined) throw new Error('nothing is due');
  await settle(events, hint, clock.nowMs());
  keeper.forget(hint);
  const { writes } = store;
  expect([keeper.taken(eventOf(1), true), keeper.taken(eventOf(2), true)]).toEqual([false, false]);
  expect(await waiting()).toEqual([]);
  expect(store.writes).toBe(writes);
});

it('an attempt that takes its event late removes that one, and the others wait for theirs', async () => {
  await keepLate(1);
  await keepLate(2);
  await keepLate(3);
  keeper.lateEnded(eventOf(2), true);
  expect(await waiting()).toEqual(['event-1', 'event-3']);
  keeper.lateEnded(eventOf(1), true);
  expect(await waiting()).toEqual(['event-3']);
  expect(await due()).toEqual([]);
  keeper.lateEnded(eventOf(3), true);
  expect(await waiting()).toEqual([]);
});

it('an attempt that fails late frees its event alone', async () => {
  await keepLate(1);
  await keepLate(2);
  keeper.lateEnded(eventOf(2), false);
  expect(await due()).toEqual([]);
  keeper.lateEnded(eventOf(1), false);
  expect((await due()).map(({ eventId }) => eventId)).toEqual(['event-1']);
  expect(await waiting()).toEqual(['event-1', 'event-2']);
});

it('leaves a bot alone for as long as it asked when it refused late', async () => {
  await keepLate(1);
  keeper.lateEnded(eventOf(1), false, 4_000);
  await keeper.whenWritten();
  await clock.advance(3_999);
  expect(await due()).toEqual([]);
  await clock.advance(1);
  expect(await due()).toHaveLength(1);
});

it('an attempt that ends while its event is being kept has it removed, or freed, once it is', async () => {
  const gate = Promise.withResolvers<void>();
  store.before = () => gate.promise;
  const kept = [keepLate(1), keepLate(2), keepLate(3)];
  keeper.lateEnded(eventOf(1), true);
  keeper.lateEnded(eventOf(2), false);
  gate.resolve();
  await Promise.all(kept);
  expect(await waiting()).toEqual(['event-2', 'event-3']);
  expect((await due()).map(({ eventId }) => eventId)).toEqual(['event-2']);
});

describe('events at random, kept, claimed, taken and refused while others are', () => {
  it.each(Array.from({ length: rounds(20) }, (_, n) => SEED + n))(
    'are each taken once: seed %i',
    async (seed) => {
      const random = seeded(seed);
      store.before = async () => {
        for (let turns = random.below(3); turns > 0; turns--) await new Promise(setImmediate);
      };
      const late = new Set<KfEvent>();
      const claims = new Set<ClaimedHint>();
      const underWay = new Set<string>();
      const taken: string[] = [];
      const owed = new Set<string>();
      const begin = (id: string): void => {
        expect([underWay.has(id), taken.includes(id)]).toEqual([false, false]);
        underWay.add(id);
      };
      const end = (id: string, isTaken: boolean): void => {
        underWay.delete(id);
        if (!isTaken) return;
        taken.push(id);
        owed.delete(id);
      };
      const writes: Promise<unknown>[] = [];
      const pick = <T>(all: ReadonlySet<T>): T | undefined => [...all][random.below(all.size)];
      let count = 0;
      const arrive = (): void => {
        if (owed.size === OWED_MAX) return;
        const n = ++count;
        const event = eventOf(n);
        owed.add(event.id);
        if (random.below(2) === 0) return void writes.push(keep(n));
        begin(event.id);
        late.add(event);
        writes.push(keepLate(n));
      };
      const endLate = (isTaken = random.below(2) === 0): void => {
        const event = pick(late);
        if (event === undefined) return;
        late.delete(event);
        end(event.id, isTaken);
        keeper.lateEnded(event, isTaken);
      };
      const claim = async (): Promise<void> => {
        for (const hint of await events.lines.claimDue(clock.nowMs(), 1, LEASE_MS, NONE)) {
          begin(hint.eventId);
          claims.add(hint);
        }
      };
      const endClaim = (isTaken = random.below(2) === 0): void => {
        const hint = pick(claims);
        if (hint === undefined) return;
        claims.delete(hint);
        end(hint.eventId, isTaken);
        const nowMs = clock.nowMs();
        const { endpoint, attempts, step } = hint;
        const failure = toFailure(nowMs, 'status', '');
        const next = { endpoint, attempts, step, dueAtMs: nowMs, failure, newer: { step, dueAtMs: nowMs } };
        if (isTaken) writes.push(settle(events, hint, nowMs).then(() => keeper.forget(hint)));
        else writes.push(reschedule(events, hint, next, nowMs));
      };
      for (let step = 0; step < 300; step++) {
        const act = random.pick([arrive, arrive, claim, claim, endClaim, endClaim, endLate]);
        writes.push(Promise.resolve(act()));
        if (random.below(2) === 0) await new Promise(setImmediate);
        await clock.advance(1);
      }
      while (owed.size > 0) {
        endLate(true);
        await Promise.all(writes.splice(0));
        await keeper.whenWritten();
        await claim();
        endClaim(true);
      }
      await Promise.all(writes);
      expect(await waiting()).toEqual([]);
      expect(taken.toSorted()).toEqual(Array.from({ length: count }, (_, n) => `event-${n + 1}`).toSorted());
    },
  );
});
