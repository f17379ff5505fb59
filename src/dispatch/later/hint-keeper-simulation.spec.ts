/** What `HintKeeper` must never lose, at random. Its rules one by one are in hint-keeper.spec.ts. */
import { claimOf, release, reschedule, settle } from '../../../test/support/event-steps.js';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { kfEvent } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { rounds, SEED, type Seeded, seeded } from '../../../test/support/seeded.js';
import { AppError } from '../../kernel/app-error.js';
import { Metrics } from '../../metrics/metrics.js';
import { SeenEvents } from '../inline/seen-events.js';
import { DispatchMetrics } from '../endpoint/dispatch-metrics.js';
import type { KfEvent } from '../../queue/kf-event.js';
import { type Lease, lineKey } from '../../storage/queue/line.js';
import { MemoryQueueStore } from '../../../test/support/memory-queue.js';
import type { KeptLine } from '../../storage/queue/queue-store.js';
import { type Hint, toHint } from '../../queue/event.js';
import { HintKeeper } from './hint-keeper.js';
import { MemoryEventQueue } from '../../../test/support/memory-event-queue.js';
import type { ClaimedHint, KeptHint } from '../../queue/event-queue.js';
import { accountKey, type Addressee, readAccountKey } from '../../kernel/account.js';

const LEASE_MS = 15_000;
const ENDPOINT = 'http://puppet:8080';
const NONE: ReadonlySet<string> = new Set();
const log = pino({ level: 'silent' });

/** Writes become durable in their order, when they are told to, and some fail. */
class SlowStore extends MemoryQueueStore {
  readonly #writes: { write: () => Promise<boolean>; done: PromiseWithResolvers<boolean> }[] = [];

  override write(before: KeptLine | null, after: KeptLine | null): Promise<boolean> {
    return this.#begin(() => super.write(before, after));
  }

  get hasWrites(): boolean {
    return this.#writes.length > 0;
  }

  /** What a restart would find. */
  async durable(account: Addressee): Promise<Hint | null> {
    const kept = await this.find(lineKey('event', account));
    return kept === null ? null : toHint(kept.line);
  }

  endOne(how: 'commit' | 'fail'): void {
    const { write, done } = this.#writes.shift() ?? {};
    if (how === 'commit') done?.resolve(write?.() ?? false);
    else done?.reject(new AppError('STORE_UNAVAILABLE'));
  }

  #begin(write: () => Promise<boolean>): Promise<boolean> {
    const done = Promise.withResolvers<boolean>();
    this.#writes.push({ write, done });
    return done.promise;
  }
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
  readonly #events = new MemoryEventQueue(this.#store);
  readonly #replicas: Replica[];
  readonly #received: Incoming[] = [];
  /** The ids that puppets have had. */
  readonly #had = new Set<string>();
  readonly #inFlight: InFlight[] = [];
  /** Kept, and no attempt that began after it came in has succeeded yet. */
  readonly #owed = new Map<string, Incoming[]>();
  /** The latest beginning of a successful attempt. */
  readonly #takenFrom = new Map<string, number>();
  /** Under way: where many are faster, one pauses for some milliseconds. */
  #calls = 0;
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
      keeper: new HintKeeper(this.#events, new DispatchMetrics(new Metrics()), this.#clock, log),
      seen: new SeenEvents(this.#clock),
    };
  }

  async run(steps: number): Promise<void> {
    for (let n = 0; n < steps; n++) {
      this.#step();
      for (let turns = this.#random.below(12); turns > 0; turns--) await null;
      await this.#check();
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
      () => this.#claim(this.#events.lines.claimDue(nowMs, 1 + below(3), LEASE_MS, NONE)),
      () => this.#claim(claimOf(this.#events, readAccountKey(pick(ACCOUNTS)), ENDPOINT, nowMs, LEASE_MS)),
      () => this.#claim(this.#events.lines.claimOldest(ENDPOINT, nowMs, LEASE_MS)),
      () => this.#clock.advance(pick([0, 1, 100, 1_000, LEASE_MS + 1])),
      () => this.#endWrites(),
      () => this.#endWrites(),
      () => this.#endWrites(),
      () => this.#endAttempt(),
      () => this.#endAttempt(),
      () => this.#endAttempt(),
    ];
    pick(steps)();
  }

  #endWrites(): void {
    for (let count = this.#random.below(4); count > 0; count--)
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
      this.#begin(accountKey(event), event.id, (isTaken) => {
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
    this.#begin(accountKey(event), event.id, async (isTaken) => {
      if (!isGivenUp) await keeping;
      keeper.lateEnded(event, isTaken);
    });
  }

  async #keep(incoming: Incoming, lease: Lease | null): Promise<KeptHint | null> {
    const { replica, event } = incoming;
    const { keeper, seen } = replica;
    const arrival = seen.note(event.id);
    const dueAtMs = this.#clock.nowMs() + this.#random.pick([0, 1_000, 180_000]);
    const isFirst = (otherId: string): boolean => arrival.isBefore(otherId);
    const tried = { attempts: 1, step: 1, endpoint: ENDPOINT, failure: null, lease };
    const hint = { event, isFirst, keysId: null, arrivedAtMs: arrival.atMs, dueAtMs, ...tried };
    let kept: KeptHint;
    try {
      kept = await this.#count(keeper.keep(hint));
    } catch {
      return null;
    }
    this.keptCount++;
    const key = accountKey(event);
    if (incoming.cameInAt > (this.#takenFrom.get(key) ?? 0))
      this.#owed.set(key, [...(this.#owed.get(key) ?? []), incoming]);
    return kept;
  }

  async #claim(claiming: Promise<readonly ClaimedHint[] | ClaimedHint | null>): Promise<void> {
    const claimed = await this.#count(claiming).catch(() => null);
    for (const hint of [claimed ?? []].flat()) this.#deliver(hint);
  }

  #deliver(hint: ClaimedHint): void {
    const key = accountKey(hint);
    this.#begin(key, hint.event.id, (isTaken) => {
      const nowMs = this.#clock.nowMs();
      const ended = isTaken ? settle(this.#events, hint, nowMs) : this.#putOff(hint, nowMs);
      this.#count(ended).catch(() => {});
    });
  }

  #putOff(hint: ClaimedHint, nowMs: number): Promise<void> {
    const { attempts, step, endpoint } = hint;
    const dueAtMs = nowMs + this.#random.pick([0, 1_000, 600_000]);
    if (this.#random.below(3) === 0) return release(this.#events, hint, dueAtMs, nowMs);
    const failure = { atMs: nowMs, stage: 'connect', reason: 'no connection' } as const;
    const newer = { step: 1, dueAtMs: nowMs + 1_000 };
    const next = { endpoint, attempts: attempts + 1, step: step + 1, dueAtMs, failure, newer };
    return reschedule(this.#events, hint, next, nowMs);
  }

  #count<T>(call: Promise<T>): Promise<T> {
    this.#calls++;
    return call.finally(() => this.#calls--);
  }

  #begin(key: string, eventId: string, end: (isTaken: boolean) => void): void {
    this.#inFlight.push({ key, eventId, beganAt: ++this.#now, end });
  }

  async #check(): Promise<void> {
    for (const [key, owed] of this.#owed) {
      const [first] = owed;
      const hint = first === undefined ? null : await this.#store.durable(first.event);
      for (const { event } of owed) {
        if (hint === null) throw new Error(`${event.id} of ${key} is lost`);
        const isOlder =
          hint.createdAtS !== null && event.createdAtS !== null && hint.createdAtS < event.createdAtS;
        if (isOlder) throw new Error(`${event.id} of ${key} is lost: ${hint.event.id} is older`);
        if (this.#had.has(hint.event.id))
          throw new Error(`${event.id} of ${key} is lost: its puppet has had ${hint.event.id}`);
      }
    }
  }

  /** Until nothing is under way, and nothing follows from it. */
  async #endAll(): Promise<void> {
    for (let idle = 0; idle < 5; idle++) {
      await new Promise(setImmediate);
      if (this.#store.hasWrites || this.#inFlight.length > 0 || this.#calls > 0) idle = 0;
      while (this.#store.hasWrites) this.#store.endOne('commit');
      for (const attempt of this.#inFlight.splice(0)) this.#end(attempt, true);
      await this.#check();
    }
  }

  /** Every store works and every puppet is back: in the end nothing waits. */
  async #drain(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      await this.#endAll();
      await this.#clock.advance(600_000);
      void this.#claim(this.#events.lines.claimDue(this.#clock.nowMs(), 100, LEASE_MS, NONE));
    }
    await this.#endAll();
    const left = [...this.#owed.values()].flat().map(({ event }) => event.id);
    const { waiting } = await this.#events.counts();
    expect({ left, waiting }).toEqual({ left: [], waiting: 0 });
  }
}

const ACCOUNTS = [1, 2, 3].map((n) => accountKey({ corpId: 'wwCorp_1', openKfId: `wkAccount-${n}` }));

describe(`nothing is lost, whatever comes between (seed ${SEED})`, () => {
  it.each([
    ['while the store works', { replicas: 1, canFail: false }],
    ['while writes fail now and then', { replicas: 1, canFail: true }],
    ['while another replica keeps there too', { replicas: 2, canFail: false }],
    ['while another replica keeps there too and writes fail', { replicas: 2, canFail: true }],
  ])('%s', async (_when, conditions) => {
    for (let n = 0; n < rounds(8); n++) {
      const simulation = new Simulation(SEED + n, conditions);
      await simulation.run(1_500);
      expect(simulation.keptCount).toBeGreaterThan(50);
      expect(simulation.takenCount).toBeGreaterThan(50);
      expect(simulation.droppedCount).toBeGreaterThan(5);
    }
  });
});
