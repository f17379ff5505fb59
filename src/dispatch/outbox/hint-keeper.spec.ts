import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { kfEvent, watch } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { rounds, SEED, type Seeded, seeded } from '../../../test/support/seeded.js';
import { AppError } from '../../kernel/app-error.js';
import { Metrics } from '../../metrics/metrics.js';
import { DispatchMetrics } from '../dispatch-metrics.js';
import { type Hint, hintKey, type KeptEvent, type Lease, type NewHint } from './hint.js';
import { HintKeeper } from './hint-keeper.js';
import type { KfEvent } from '../kf-event.js';
import { type HintStore, LocalOutbox, MemoryHintStore } from './local-outbox.js';
import type { ClaimedHint, Held, Kept } from './outbox.js';
import { SeenEvents } from '../answer/seen-events.js';

const LEASE_MS = 15_000;
const ENDPOINT = 'http://puppet:8080';
const KEY = hintKey(kfEvent());
const NONE: ReadonlySet<string> = new Set();
const log = pino({ level: 'silent' });
const newMetrics = (): DispatchMetrics => new DispatchMetrics(new Metrics());

/** Each write waits until it is told what becomes of it. */
class GatedStore extends MemoryHintStore {
  readonly #waiting: { hint: Hint; commit: () => void; fail: () => void }[] = [];

  override write(key: string, hint: Hint): Promise<void> {
    return new Promise((resolve, reject) => {
      const commit = (): void => resolve(super.write(key, hint));
      this.#waiting.push({ hint, commit, fail: () => reject(new AppError('STORE_UNAVAILABLE')) });
    });
  }

  /** The events of the writes that are under way. */
  get underWay(): string[] {
    return this.#waiting.map(({ hint }) => hint.event.id);
  }

  async end(how: 'commit' | 'fail'): Promise<void> {
    this.#waiting.shift()?.[how]();
    await settled();
  }
}

/** What follows from a promise has had its turn. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

let clock: ManualClock;
let outbox: LocalOutbox;
let keeper: HintKeeper;

beforeEach(() => {
  clock = new ManualClock();
  use(new MemoryHintStore());
});

function use(store: HintStore): void {
  outbox = new LocalOutbox(store);
  keeper = new HintKeeper(outbox, newMetrics(), clock, log);
}

/** One of each second. */
const eventOf = (second: number, openKfId = 'wkAccount-1'): KfEvent =>
  kfEvent({ id: `event-${second}`, openKfId, createdAtS: second });

const leaseOf = (id: string): Lease => ({ id, untilMs: clock.nowMs() + LEASE_MS });

function hintOf(event: KfEvent, fields: Partial<NewHint> = {}): NewHint {
  return {
    event,
    isFirst: () => false,
    keysId: null,
    arrivedAtMs: clock.nowMs(),
    attempts: 1,
    step: 1,
    dueAtMs: clock.nowMs(),
    endpoint: ENDPOINT,
    failure: null,
    lease: null,
    ...fields,
  };
}

/** The event of that second. */
const keep = (second: number, fields?: Partial<NewHint>): Promise<Kept> =>
  keeper.keep(hintOf(eventOf(second), fields));

async function waiting(): Promise<string | null> {
  await settled();
  return (await outbox.find(KEY))?.event.id ?? null;
}

async function claim(): Promise<ClaimedHint> {
  const [hint] = await outbox.claimDue(clock.nowMs(), 1, LEASE_MS, NONE);
  if (hint === undefined) throw new Error('nothing is due');
  return hint;
}

describe('events of one account that are to be kept at once', () => {
  let store: GatedStore;

  beforeEach(() => {
    store = new GatedStore();
    use(store);
  });

  it('are written one after the other, the newest for all that came meanwhile', async () => {
    const kept = [keep(1), keep(2), keep(3), keep(4)];
    const states = kept.map(watch);
    expect(store.underWay).toEqual(['event-1']);
    await store.end('commit');
    expect(states.map(({ isSettled }) => isSettled)).toEqual([true, false, false, false]);
    expect(store.underWay).toEqual(['event-4']);
    await store.end('commit');
    const [, second, third, fourth] = await Promise.all(kept);
    expect([second, third]).toEqual([fourth, fourth]);
    expect(await waiting()).toBe('event-4');
  });

  it('are written as the newest of them, in whatever order they are handed in', async () => {
    const kept = [keep(1), keep(4), keep(2), keep(3)];
    await store.end('commit');
    expect(store.underWay).toEqual(['event-4']);
    await store.end('commit');
    await Promise.all(kept);
  });

  it('do not wait for those of another account', async () => {
    const first = watch(keep(1));
    const other = keeper.keep(hintOf(eventOf(2, 'wkAccount-2')));
    expect(store.underWay).toEqual(['event-1', 'event-2']);
    await store.end('commit');
    await store.end('commit');
    await other;
    expect(first.isSettled).toBe(true);
  });

  it('fail with their own write, and not with the one before', async () => {
    const [first, second, third] = [keep(1), keep(2), keep(3)];
    const failed = expect(first).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await store.end('fail');
    await failed;
    expect(keeper.isFailing).toBe(true);
    await store.end('commit');
    await Promise.all([second, third]);
    expect(keeper.isFailing).toBe(false);
    expect(await waiting()).toBe('event-3');
  });

  it('all fail whose one write failed, and the next can be kept', async () => {
    const first = keep(1);
    const together = [keep(2), keep(3)].map((kept) =>
      expect(kept).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' }),
    );
    await store.end('commit');
    await first;
    await store.end('fail');
    await Promise.all(together);
    expect(await waiting()).toBe('event-1');
    const next = keep(4);
    await store.end('commit');
    await next;
    expect(await waiting()).toBe('event-4');
  });
});

describe('an event that a puppet took', () => {
  it('settles an older one that waits', async () => {
    await keep(1);
    keeper.taken(eventOf(2));
    expect(await waiting()).toBeNull();
  });

  it('settles several that were kept one after the other', async () => {
    await keep(1);
    await keep(2);
    keeper.taken(eventOf(3));
    expect(await waiting()).toBeNull();
  });

  it('settles none that came in later', async () => {
    await keep(2);
    keeper.taken(eventOf(1));
    expect(await waiting()).toBe('event-2');
  });

  it('settles none that is only just being kept', async () => {
    const store = new GatedStore();
    use(store);
    const kept = keep(2);
    keeper.taken(eventOf(1));
    await store.end('commit');
    await kept;
    expect(await waiting()).toBe('event-2');
  });

  it('settles nothing of another account, or of another corp', async () => {
    await keep(1);
    keeper.taken(eventOf(2, 'wkAccount-2'));
    keeper.taken({ ...eventOf(3), corpId: 'wwCorp_2' });
    expect(await waiting()).toBe('event-1');
  });

  it('settles what another process has kept with it, if it is newer than both', async () => {
    const other = new HintKeeper(outbox, newMetrics(), clock, log);
    await other.keep(hintOf(eventOf(3)));
    await keep(1);
    keeper.taken(eventOf(2));
    expect(await waiting()).toBe('event-3');
    keeper.taken(eventOf(4));
    expect(await waiting()).toBeNull();
  });

  it('settles itself, where it waits', async () => {
    await keep(1);
    keeper.taken({ ...eventOf(1), traceparent: null });
    expect(await waiting()).toBeNull();
  });

  describe.each([
    ['of the same second', 1],
    ['of which it is not known when they were made', null],
  ])('settles none %s', (_what, createdAtS) => {
    const of = (id: string): KfEvent => ({ ...eventOf(1), id, createdAtS });

    it('that was kept before it came in: it may be a repeat of an older one', async () => {
      await keeper.keep(hintOf(of('kept')));
      keeper.taken(of('taken'));
      expect(await waiting()).toBe('kept');
    });

    it('that was kept with it while it was under way', async () => {
      await keeper.keep(hintOf(of('late'), { lease: leaseOf('late') }));
      await keeper.keep(hintOf(of('later')));
      keeper.lateEnded(of('late'), true);
      expect(await waiting()).not.toBeNull();
    });
  });

  it('settles none that was kept with one of which it is not known when it was made', async () => {
    await keeper.keep(hintOf({ ...eventOf(1), createdAtS: null }));
    await keep(2);
    keeper.taken(eventOf(3));
    expect(await waiting()).not.toBeNull();
  });

  it('settles nothing that is just being delivered, which its delivery does', async () => {
    await keep(1);
    const { generation, lease } = await claim();
    keeper.taken(eventOf(2));
    expect(await waiting()).toBe('event-1');
    await outbox.settle({ key: KEY, generation, leaseId: lease.id }, clock.nowMs());
    expect(await waiting()).toBeNull();
  });

  it('asks nothing of the outbox where what waited was delivered by itself', async () => {
    await keep(1);
    const hint = await claim();
    const held = { key: KEY, generation: hint.generation, leaseId: hint.lease.id };
    await outbox.settle(held, clock.nowMs());
    keeper.forget(held);
    const asked: Held[] = [];
    outbox.settle = async (settled) => void asked.push(settled);
    keeper.taken(eventOf(2));
    expect(asked).toEqual([]);
  });

  it('settles what was kept since something older was delivered', async () => {
    await keep(1);
    const { generation, lease } = await claim();
    const held = { key: KEY, generation, leaseId: lease.id };
    await outbox.release(held, clock.nowMs(), clock.nowMs());
    await keep(2);
    keeper.forget(held);
    keeper.taken(eventOf(3));
    expect(await waiting()).toBeNull();
  });

  it('settles what was tried in vain meanwhile', async () => {
    await keep(1, { lease: leaseOf('late') });
    keeper.lateEnded(eventOf(1), false);
    const { generation, lease, endpoint, step } = await claim();
    const dueAtMs = clock.nowMs() + 3_000;
    const failure = { atMs: clock.nowMs(), stage: 'status', reason: 'the answer was 500' } as const;
    const next = { endpoint, attempts: 2, step, dueAtMs, failure, newer: { step, dueAtMs } };
    await outbox.reschedule({ key: KEY, generation, leaseId: lease.id }, next, clock.nowMs());
    keeper.taken(eventOf(2));
    expect(await waiting()).toBeNull();
  });
});

describe('an event that was taken after it had been kept', () => {
  it('is settled under its lease', async () => {
    await keep(1, { lease: leaseOf('late') });
    keeper.lateEnded(eventOf(1), true);
    expect(await waiting()).toBeNull();
  });

  it('is settled under the lease of an older one', async () => {
    await keep(1, { lease: leaseOf('late-1') });
    const kept = await keep(2, { lease: leaseOf('late-2') });
    expect(kept.leaseId).toBe('late-1');
    keeper.lateEnded(eventOf(2), true);
    expect(await waiting()).toBeNull();
  });

  it('leaves a newer one that was kept under its lease, due at once', async () => {
    await keep(1, { lease: leaseOf('late') });
    await keep(2, { dueAtMs: clock.nowMs() + 60_000 });
    keeper.lateEnded(eventOf(1), true);
    await settled();
    expect((await claim()).event.id).toBe('event-2');
  });

  it('leaves what another process kept under its lease, due at once', async () => {
    await keep(1, { lease: leaseOf('late') });
    await new HintKeeper(outbox, newMetrics(), clock, log).keep(hintOf(eventOf(2)));
    keeper.lateEnded(eventOf(1), true);
    await settled();
    expect((await claim()).event.id).toBe('event-2');
  });

  it('leaves a newer one that was kept with it and never had its lease', async () => {
    await keep(1);
    await keep(2);
    keeper.lateEnded(eventOf(1), true);
    expect(await waiting()).toBe('event-2');
  });
});

describe('events of one second whose attempts are under way when they are kept', () => {
  const of = (id: string): KfEvent => ({ ...eventOf(1), id });
  const keepLate = (id: string): Promise<Kept> =>
    keeper.keep(hintOf(of(id), { lease: leaseOf(`lease of ${id}`) }));

  async function isDue(): Promise<boolean> {
    await settled();
    const [hint] = await outbox.claimDue(clock.nowMs(), 1, LEASE_MS, NONE);
    return hint !== undefined;
  }

  it.each([
    ['one after the other', false],
    ['in one write', true],
  ])('are settled together once each was taken, when they were kept %s', async (_how, isAtOnce) => {
    if (isAtOnce) await Promise.all(['a', 'b', 'c'].map(keepLate));
    else for (const id of ['a', 'b', 'c']) await keepLate(id);
    keeper.lateEnded(of('b'), true);
    keeper.lateEnded(of('a'), true);
    expect(await isDue()).toBe(false);
    expect(await waiting()).not.toBeNull();
    keeper.lateEnded(of('c'), true);
    expect(await waiting()).toBeNull();
  });

  it.each([
    ['the first', ['a', 'b']],
    ['the last', ['b', 'a']],
  ])('are sent again once the last one ended, if %s failed', async (_which, order) => {
    await keepLate('a');
    await keepLate('b');
    const [first = '', last = ''] = order;
    keeper.lateEnded(of(first), first !== 'a');
    expect(await isDue()).toBe(false);
    keeper.lateEnded(of(last), last !== 'a');
    expect(await isDue()).toBe(true);
  });

  it('wait as long as the bot asked that refused one', async () => {
    await keepLate('a');
    await keepLate('b');
    keeper.lateEnded(of('a'), false, 10_000);
    keeper.lateEnded(of('b'), true);
    expect(await isDue()).toBe(false);
    await clock.advance(10_000);
    expect(await isDue()).toBe(true);
  });

  it.each(['before', 'after'])(
    'are sent again with one that was kept %s them without an attempt',
    async (when) => {
      if (when === 'before') await keeper.keep(hintOf(of('untried')));
      await keepLate('a');
      if (when === 'after') await keeper.keep(hintOf(of('untried')));
      await keepLate('b');
      keeper.lateEnded(of('a'), true);
      keeper.lateEnded(of('b'), true);
      expect(await isDue()).toBe(true);
    },
  );

  it('are sent again with one that another process kept between them', async () => {
    await keepLate('a');
    const other = new HintKeeper(outbox, newMetrics(), clock, log);
    await other.keep(hintOf(of('of the other')));
    await keepLate('b');
    keeper.lateEnded(of('a'), true);
    expect(await isDue()).toBe(false);
    keeper.lateEnded(of('b'), true);
    expect(await isDue()).toBe(true);
  });

  it('leave what a delivery holds that began before them to that delivery', async () => {
    await keeper.keep(hintOf(of('untried')));
    const { generation, lease } = await claim();
    await keepLate('a');
    keeper.lateEnded(of('a'), true);
    expect(await isDue()).toBe(false);
    await outbox.settle({ key: KEY, generation, leaseId: lease.id }, clock.nowMs());
    expect(await isDue()).toBe(true);
  });

  it('are known no more when their account has been settled meanwhile', async () => {
    await keepLate('a');
    keeper.taken(eventOf(2));
    expect(await waiting()).toBeNull();
    await keepLate('b');
    keeper.lateEnded(of('a'), false);
    expect(await isDue()).toBe(false);
    keeper.lateEnded(of('b'), true);
    expect(await waiting()).toBeNull();
  });
});

describe('events of an account whose bot takes its time with each, one after the other', () => {
  /** One each second, whose attempt takes 1.5 s from when it was kept. */
  async function receive(from: number, to: number, isTaken: (second: number) => boolean): Promise<number> {
    let claims = 0;
    for (let second = from; second <= to; second++) {
      await keep(second, { lease: leaseOf(`late-${second}`) });
      await clock.advance(500);
      if (second > 1) keeper.lateEnded(eventOf(second - 1), isTaken(second - 1));
      await clock.advance(500);
      claims += (await outbox.claimDue(clock.nowMs(), 1, LEASE_MS, NONE)).length;
    }
    return claims;
  }

  const waitingForMs = async (): Promise<number> =>
    clock.nowMs() - ((await outbox.counts()).oldestWaitingAtMs ?? Number.NaN);

  it('wait since the first that is not taken yet, and are not sent beside their attempts', async () => {
    expect(await receive(1, 60, () => true)).toBe(0);
    expect(await waitingForMs()).toBeLessThanOrEqual(2_000);
    keeper.lateEnded(eventOf(60), true);
    expect(await waiting()).toBeNull();
  });

  it('are sent again once their lease is over where one failed, and wait since that one', async () => {
    expect(await receive(1, 10, (second) => second !== 2)).toBe(0);
    expect(await waitingForMs()).toBe(9_000);
    expect(await receive(11, 18, () => true)).toBe(1);
  });
});

describe('an event whose attempt ended before it was kept, since the store was slow', () => {
  const late = (second: number): Promise<Kept> => keep(second, { lease: leaseOf(`late-${second}`) });
  let store: GatedStore;

  beforeEach(() => {
    store = new GatedStore();
    use(store);
  });

  it.each([
    ['that was under way', 1],
    ['that waited for the one before', 2],
  ])('is settled by the write %s, if it was taken', async (_which, writes) => {
    const kept = Array.from({ length: writes }, (_, n) => late(n + 1));
    keeper.lateEnded(eventOf(writes), true);
    for (let n = 0; n < writes; n++) await store.end('commit');
    await Promise.all(kept);
    expect(await waiting()).toBeNull();
  });

  it('is due at its time once it is kept, if it failed', async () => {
    const kept = keep(1, { lease: leaseOf('late'), dueAtMs: clock.nowMs() + 1_000 });
    keeper.lateEnded(eventOf(1), false);
    await store.end('commit');
    await kept;
    await clock.advance(1_000);
    expect((await claim()).event.id).toBe('event-1');
  });

  it('keeps no later one of its account waiting', async () => {
    const kept = late(1);
    keeper.lateEnded(eventOf(1), false);
    await store.end('commit');
    await kept;
    await clock.advance(LEASE_MS);
    const next = late(2);
    await store.end('commit');
    await next;
    keeper.lateEnded(eventOf(2), false);
    expect((await claim()).event.id).toBe('event-2');
  });

  it('is nothing to a later one where its write failed', async () => {
    const kept = expect(late(1)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    keeper.lateEnded(eventOf(1), true);
    await store.end('fail');
    await kept;
    const again = late(1);
    await store.end('commit');
    await again;
    expect(await waiting()).toBe('event-1');
  });
});

/** Writes become durable in their order, when they are told to, and some fail. */
class SlowStore implements HintStore {
  readonly unreadable = 0;
  readonly #latest = new Map<string, Hint>();
  /** What a restart would find. */
  readonly durable = new Map<string, Hint>();
  readonly #writes: { key: string; hint: Hint | null; done: PromiseWithResolvers<void> }[] = [];

  write(key: string, hint: Hint): Promise<void> {
    this.#latest.set(key, hint);
    return this.#begin(key, hint);
  }

  remove(key: string): Promise<void> {
    this.#latest.delete(key);
    return this.#begin(key, null);
  }

  readEvent(key: string): KeptEvent | null {
    return this.#latest.get(key) ?? null;
  }

  get hasWrites(): boolean {
    return this.#writes.length > 0;
  }

  endOne(how: 'commit' | 'fail'): void {
    const write = this.#writes.shift();
    if (write === undefined) return;
    const { key, hint, done } = write;
    if (how === 'commit') {
      set(this.durable, key, hint);
      done.resolve();
      return;
    }
    if ((this.#latest.get(key) ?? null) === hint) set(this.#latest, key, this.durable.get(key) ?? null);
    done.reject(new AppError('STORE_UNAVAILABLE'));
  }

  #begin(key: string, hint: Hint | null): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#writes.push({ key, hint, done });
    return done.promise;
  }
}

function set(map: Map<string, Hint>, key: string, hint: Hint | null): void {
  if (hint === null) map.delete(key);
  else map.set(key, hint);
}

interface Incoming {
  readonly replica: Replica;
  readonly event: KfEvent;
  /** The first time, by the count of all that happens. */
  readonly cameInAt: number;
}

interface Replica {
  readonly keeper: HintKeeper;
  readonly seen: SeenEvents;
}

interface InFlight {
  readonly key: string;
  readonly eventId: string;
  readonly beganAt: number;
  end(isTaken: boolean): void;
}

/** Of one second, as WeCom tells them apart. */
const HAPPENINGS_A_SECOND = 10;

/**
 * Replicas that receive, deliver inline, keep, claim, settle and start anew, all at random and each a few turns into
 * what the others do. Several events are of one second, and any of them comes again, to any replica. A puppet drops what
 * it has had. The oracle: whatever was told to be kept has had a successful attempt that its puppet did not drop and
 * that began after it came in, or something is durably there that its puppet will not drop and that is no older.
 */
class Simulation {
  readonly #clock = new ManualClock();
  readonly #store = new SlowStore();
  readonly #outbox = new LocalOutbox(this.#store);
  readonly #replicas: Replica[];
  readonly #received: Incoming[] = [];
  /** The ids that puppets have had. */
  readonly #had = new Set<string>();
  readonly #inFlight: InFlight[] = [];
  /** Kept, and no attempt that began after it came in has succeeded yet. */
  readonly #owed = new Map<string, Incoming[]>();
  /** The latest beginning of a successful attempt. */
  readonly #takenFrom = new Map<string, number>();
  readonly #random: Seeded;
  readonly #canFail: boolean;
  #now = 0;
  keptCount = 0;
  takenCount = 0;
  droppedCount = 0;

  constructor(seed: number, { replicas, canFail }: { replicas: number; canFail: boolean }) {
    this.#random = seeded(seed);
    this.#canFail = canFail;
    this.#replicas = Array.from({ length: replicas }, () => this.#startReplica());
  }

  #startReplica(): Replica {
    return {
      keeper: new HintKeeper(this.#outbox, newMetrics(), this.#clock, log),
      seen: new SeenEvents(this.#clock),
    };
  }

  async run(steps: number): Promise<void> {
    for (let n = 0; n < steps; n++) {
      this.#step();
      for (let turns = this.#random.below(12); turns > 0; turns--) await null;
      this.#check();
    }
    await this.#drain();
  }

  #step(): void {
    const nowMs = this.#clock.nowMs();
    const { below, pick } = this.#random;
    const steps: readonly (() => unknown)[] = [
      () => this.#receive(this.#newEvent()),
      () => this.#receive(this.#newEvent()),
      () => this.#receive(this.#newEvent()),
      () => this.#receiveAgain(),
      () => this.#startAnew(),
      () => this.#claim(this.#outbox.claimDue(nowMs, 1 + below(3), LEASE_MS, NONE)),
      () => this.#claim(this.#outbox.claimOf(pick(ACCOUNTS), ENDPOINT, nowMs, LEASE_MS)),
      () => this.#claim(this.#outbox.claimOldest(ENDPOINT, nowMs, LEASE_MS)),
      () => this.#clock.advance(pick([0, 1, 100, 1_000, LEASE_MS + 1])),
      () => this.#endWrite(),
      () => this.#endWrite(),
      () => this.#endAttempt(),
      () => this.#endAttempt(),
      () => this.#endAttempt(),
    ];
    pick(steps)();
  }

  #endWrite(): void {
    this.#store.endOne(this.#canFail && this.#random.below(5) === 0 ? 'fail' : 'commit');
  }

  #endAttempt(): void {
    const { below } = this.#random;
    if (this.#inFlight.length === 0) return;
    const [attempt] = this.#inFlight.splice(below(this.#inFlight.length), 1);
    // Some processes die on the way.
    if (attempt !== undefined && below(20) > 0) this.#end(attempt, below(2) === 0);
  }

  #end(attempt: InFlight, isTaken: boolean): void {
    if (isTaken) this.#noteTaken(attempt);
    attempt.end(isTaken);
  }

  #noteTaken({ key, beganAt, eventId }: InFlight): void {
    if (this.#had.has(eventId)) {
      this.droppedCount++;
      return;
    }
    this.#had.add(eventId);
    const owed = this.#owed.get(key) ?? [];
    const later = owed.filter(({ cameInAt }) => cameInAt > beganAt);
    this.#owed.set(key, later);
    this.#takenFrom.set(key, Math.max(beganAt, this.#takenFrom.get(key) ?? 0));
    this.takenCount++;
  }

  #newEvent(): Incoming {
    const { below, pick } = this.#random;
    const [corpId = '', openKfId = ''] = pick(ACCOUNTS).split('/');
    const cameInAt = ++this.#now;
    // A gateway need not say when it was made.
    const createdAtS = below(5) === 0 ? null : Math.floor(cameInAt / HAPPENINGS_A_SECOND);
    const event = kfEvent({ id: `event-${cameInAt}`, corpId, openKfId, createdAtS });
    const incoming = { replica: pick(this.#replicas), event, cameInAt };
    this.#received.push(incoming);
    return incoming;
  }

  #receiveAgain(): void {
    const { pick } = this.#random;
    if (this.#received.length === 0) return;
    this.#receive({ ...pick(this.#received.slice(-20)), replica: pick(this.#replicas) });
  }

  #startAnew(): void {
    const { below } = this.#random;
    if (below(10) === 0) this.#replicas[below(this.#replicas.length)] = this.#startReplica();
  }

  /** As the dispatcher does it: inline, in time or late, or kept without a try. */
  #receive(incoming: Incoming): void {
    const { event, replica } = incoming;
    replica.seen.note(event.id);
    const how = this.#random.below(4);
    if (how === 0) void this.#keep(incoming, null);
    else if (how === 1) this.#tryLate(incoming);
    else
      this.#begin(hintKey(event), event.id, (isTaken) => {
        if (isTaken) replica.keeper.taken(event);
        else void this.#keep(incoming, null);
      });
  }

  #tryLate(incoming: Incoming): void {
    const { event, replica } = incoming;
    const { keeper } = replica;
    const lease = { id: `late-${incoming.cameInAt}`, untilMs: this.#clock.nowMs() + LEASE_MS };
    const keeping = this.#keep(incoming, lease);
    // Its sender was told that it could not be kept in time.
    const isGivenUp = this.#random.below(4) === 0;
    this.#begin(hintKey(event), event.id, async (isTaken) => {
      if (!isGivenUp) await keeping;
      keeper.lateEnded(event, isTaken);
    });
  }

  async #keep(incoming: Incoming, lease: Lease | null): Promise<Kept | null> {
    const { replica, event } = incoming;
    const { keeper, seen } = replica;
    const arrival = seen.note(event.id);
    const dueAtMs = this.#clock.nowMs() + this.#random.pick([0, 1_000, 180_000]);
    const step = 1;
    const isFirst = (otherId: string): boolean => arrival.isBefore(otherId);
    const hint = { ...hintOf(event, { arrivedAtMs: arrival.atMs, lease, step, isFirst }), dueAtMs };
    let kept: Kept;
    try {
      kept = await keeper.keep(hint);
    } catch {
      return null;
    }
    this.keptCount++;
    const key = hintKey(event);
    if (incoming.cameInAt > (this.#takenFrom.get(key) ?? 0))
      this.#owed.set(key, [...(this.#owed.get(key) ?? []), incoming]);
    return kept;
  }

  async #claim(claiming: Promise<readonly ClaimedHint[] | ClaimedHint | null>): Promise<void> {
    const claimed = await claiming.catch(() => null);
    for (const hint of [claimed ?? []].flat()) this.#deliver(hint);
  }

  #deliver(hint: ClaimedHint): void {
    const key = hintKey(hint);
    const held = { key, generation: hint.generation, leaseId: hint.lease.id };
    this.#begin(key, hint.event.id, (isTaken) => {
      const nowMs = this.#clock.nowMs();
      const ended = isTaken ? this.#outbox.settle(held, nowMs) : this.#putOff(held, hint, nowMs);
      ended.catch(() => {});
    });
  }

  #putOff(held: Held, { attempts, step, endpoint }: ClaimedHint, nowMs: number): Promise<void> {
    const dueAtMs = nowMs + this.#random.pick([0, 1_000, 600_000]);
    if (this.#random.below(3) === 0) return this.#outbox.release(held, dueAtMs, nowMs);
    const failure = { atMs: nowMs, stage: 'connect', reason: 'no connection' } as const;
    const newer = { step: 1, dueAtMs: nowMs + 1_000 };
    const next = { endpoint, attempts: attempts + 1, step: step + 1, dueAtMs, failure, newer };
    return this.#outbox.reschedule(held, next, nowMs);
  }

  #begin(key: string, eventId: string, end: (isTaken: boolean) => void): void {
    this.#inFlight.push({ key, eventId, beganAt: ++this.#now, end });
  }

  #check(): void {
    for (const [key, owed] of this.#owed) {
      for (const { event } of owed) {
        const hint = this.#store.durable.get(key);
        if (hint === undefined) throw new Error(`${event.id} of ${key} is lost`);
        const isOlder =
          hint.createdAtS !== null && event.createdAtS !== null && hint.createdAtS < event.createdAtS;
        if (isOlder) throw new Error(`${event.id} of ${key} is lost: ${hint.event.id} is older`);
        if (this.#had.has(hint.event.id))
          throw new Error(`${event.id} of ${key} is lost: its puppet has had ${hint.event.id}`);
      }
    }
  }

  /** Every store works and every puppet is back: in the end nothing waits. */
  async #drain(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      while (this.#store.hasWrites || this.#inFlight.length > 0) {
        for (const attempt of this.#inFlight.splice(0)) this.#end(attempt, true);
        while (this.#store.hasWrites) this.#store.endOne('commit');
        await settled();
        this.#check();
      }
      await this.#clock.advance(600_000);
      const claimed = this.#outbox.claimDue(this.#clock.nowMs(), 100, LEASE_MS, NONE);
      await this.#claim(claimed);
    }
    const left = [...this.#owed.values()].flat().map(({ event }) => event.id);
    const { waiting } = await this.#outbox.counts();
    expect({ left, waiting }).toEqual({ left: [], waiting: 0 });
  }
}

const ACCOUNTS = [1, 2, 3].map((n) => hintKey({ corpId: 'wwCorp_1', openKfId: `wkAccount-${n}` }));

describe(`nothing is lost, whatever comes between (seed ${SEED})`, () => {
  it.each([
    ['while the store works', { replicas: 1, canFail: false }],
    ['while writes fail now and then', { replicas: 1, canFail: true }],
    ['while another replica keeps there too', { replicas: 2, canFail: false }],
    ['while another replica keeps there too and writes fail', { replicas: 2, canFail: true }],
  ])('%s', async (_when, conditions) => {
    for (let n = 0; n < rounds(15); n++) {
      const simulation = new Simulation(SEED + n, conditions);
      await simulation.run(1_000);
      expect(simulation.keptCount).toBeGreaterThan(50);
      expect(simulation.takenCount).toBeGreaterThan(50);
      expect(simulation.droppedCount).toBeGreaterThan(5);
    }
  });
});
