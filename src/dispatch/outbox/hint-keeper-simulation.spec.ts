/** What `HintKeeper` must never lose, at random. Its rules one by one are in hint-keeper.spec.ts. */
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { kfEvent } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { rounds, SEED, type Seeded, seeded } from '../../../test/support/seeded.js';
import { AppError } from '../../kernel/app-error.js';
import { Metrics } from '../../metrics/metrics.js';
import { SeenEvents } from '../answer/seen-events.js';
import { DispatchMetrics } from '../dispatch-metrics.js';
import type { KfEvent } from '../kf-event.js';
import { type Hint, hintKey, type KeptEvent, type Lease } from './hint.js';
import { HintKeeper } from './hint-keeper.js';
import { type HintStore, LocalOutbox } from './local-outbox.js';
import type { ClaimedHint, Held, Kept } from './outbox.js';

const LEASE_MS = 15_000;
const ENDPOINT = 'http://puppet:8080';
const NONE: ReadonlySet<string> = new Set();
const log = pino({ level: 'silent' });

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
      keeper: new HintKeeper(this.#outbox, new DispatchMetrics(new Metrics()), this.#clock, log),
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
    const isFirst = (otherId: string): boolean => arrival.isBefore(otherId);
    const tried = { attempts: 1, step: 1, endpoint: ENDPOINT, failure: null, lease };
    const hint = { event, isFirst, keysId: null, arrivedAtMs: arrival.atMs, dueAtMs, ...tried };
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
        await new Promise(setImmediate);
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
    for (let n = 0; n < rounds(8); n++) {
      const simulation = new Simulation(SEED + n, conditions);
      await simulation.run(1_000);
      expect(simulation.keptCount).toBeGreaterThan(50);
      expect(simulation.takenCount).toBeGreaterThan(50);
      expect(simulation.droppedCount).toBeGreaterThan(5);
    }
  });
});
