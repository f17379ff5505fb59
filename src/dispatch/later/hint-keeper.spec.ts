import { release, reschedule, settle } from '../../../test/support/event-steps.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { kfEvent, watch } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { AppError } from '../../kernel/app-error.js';
import { Metrics } from '../../metrics/metrics.js';
import { DispatchMetrics } from '../endpoint/dispatch-metrics.js';
import type { NewHint } from '../../queue/event.js';
import { HintKeeper } from './hint-keeper.js';
import type { KfEvent } from '../../queue/kf-event.js';
import { MemoryQueueStore } from '../../../test/support/memory-queue.js';
import type { KeptLine } from '../../storage/queue/queue-store.js';
import { MemoryEventQueue } from '../../../test/support/memory-event-queue.js';
import type { ClaimedHint, KeptHint } from '../../queue/event-queue.js';
import type { HeldHint } from '../../queue/event.js';
import type { Lease } from '../../storage/queue/line.js';
import { toAddressee } from '../../kernel/account.js';

const LEASE_MS = 15_000;
const ENDPOINT = 'http://puppet:8080';
const ACCOUNT = toAddressee(kfEvent());
const NONE: ReadonlySet<string> = new Set();
const log = pino({ level: 'silent' });
const newMetrics = (): DispatchMetrics => new DispatchMetrics(new Metrics());

/** Each write of an event waits until it is told what becomes of it. */
class GatedStore extends MemoryQueueStore {
  #isOpen = false;
  readonly #waiting: { eventId: unknown; commit: () => void; fail: () => void }[] = [];

  override write(before: KeptLine | null, after: KeptLine | null): Promise<boolean> {
    const write = () => super.write(before, after);
    return after === null ? write() : this.#gate(after, write);
  }

  /** From now on nothing waits. */
  async open(): Promise<void> {
    this.#isOpen = true;
    while (this.#waiting.length > 0) await this.end('commit');
    await settled();
  }

  #gate({ line }: KeptLine, write: () => Promise<boolean>): Promise<boolean> {
    if (this.#isOpen) return write();
    const { eventId } = line.details as { eventId?: unknown };
    return new Promise((resolve, reject) => {
      const commit = (): void => resolve(write());
      this.#waiting.push({ eventId, commit, fail: () => reject(new AppError('STORE_UNAVAILABLE')) });
    });
  }

  /** The events of the writes that are under way. */
  get underWay(): unknown[] {
    return this.#waiting.map(({ eventId }) => eventId);
  }

  async end(how: 'commit' | 'fail'): Promise<void> {
    // What waits for the account may be read first.
    await settled();
    this.#waiting.shift()?.[how]();
    await settled();
  }
}

/** What follows from a promise has had its turn. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

let clock: ManualClock;
let events: MemoryEventQueue;
let keeper: HintKeeper;

beforeEach(() => {
  clock = new ManualClock();
  use(new MemoryQueueStore());
});

function use(store: MemoryQueueStore): void {
  events = new MemoryEventQueue(store);
  keeper = new HintKeeper(events, newMetrics(), clock, log);
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
const keep = (second: number, fields?: Partial<NewHint>): Promise<KeptHint> =>
  keeper.keep(hintOf(eventOf(second), fields));

async function waiting(): Promise<string | null> {
  await settled();
  return (await events.find(ACCOUNT))?.event.id ?? null;
}

async function claim(): Promise<ClaimedHint> {
  const [hint] = await events.lines.claimDue(clock.nowMs(), 1, LEASE_MS, NONE);
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
    const other = new HintKeeper(events, newMetrics(), clock, log);
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
    await settle(events, { ...ACCOUNT, generation, lease }, clock.nowMs());
    expect(await waiting()).toBeNull();
  });

  it('asks nothing of the queue where what waited was delivered by itself', async () => {
    await keep(1);
    const hint = await claim();
    await settle(events, hint, clock.nowMs());
    keeper.forget(hint);
    const asked: HeldHint[] = [];
    events.changeHeld = async (settled) => {
      asked.push(settled);
      return null;
    };
    keeper.taken(eventOf(2));
    expect(asked).toEqual([]);
  });

  it('settles what was kept since something older was delivered', async () => {
    await keep(1);
    const { generation, lease } = await claim();
    const held = { ...ACCOUNT, generation, lease };
    await release(events, held, clock.nowMs(), clock.nowMs());
    await keep(2);
    keeper.forget({ ...eventOf(1), eventId: 'event-1', generation });
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
    await reschedule(events, { ...ACCOUNT, generation, lease }, next, clock.nowMs());
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
    await new HintKeeper(events, newMetrics(), clock, log).keep(hintOf(eventOf(2)));
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
  const keepLate = (id: string): Promise<KeptHint> =>
    keeper.keep(hintOf(of(id), { lease: leaseOf(`lease of ${id}`) }));

  async function isDue(): Promise<boolean> {
    await settled();
    const [hint] = await events.lines.claimDue(clock.nowMs(), 1, LEASE_MS, NONE);
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
    const other = new HintKeeper(events, newMetrics(), clock, log);
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
    await settle(events, { ...ACCOUNT, generation, lease }, clock.nowMs());
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
      claims += (await events.lines.claimDue(clock.nowMs(), 1, LEASE_MS, NONE)).length;
    }
    return claims;
  }

  const waitingForMs = async (): Promise<number> =>
    clock.nowMs() - ((await events.counts()).oldestWaitingAtMs ?? Number.NaN);

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
  const late = (second: number): Promise<KeptHint> => keep(second, { lease: leaseOf(`late-${second}`) });
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
    await store.open();
    await clock.advance(1_000);
    expect((await claim()).event.id).toBe('event-1');
  });

  it('keeps no later one of its account waiting', async () => {
    const kept = late(1);
    keeper.lateEnded(eventOf(1), false);
    await store.end('commit');
    await kept;
    await store.open();
    await clock.advance(LEASE_MS);
    await late(2);
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
