import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import type { Log } from '../../kernel/log.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { ConnectedBots } from '../../registry/bots/connected-bots.js';
import type { Circuits } from '../endpoint/circuits.js';
import type { WakeUp } from '../../kernel/wake-up.js';
import { LEASE_MS, type Occasion } from '../../queue/failure.js';
import type { ClaimedLine, DueLines } from '../../queue/lines.js';
import type { LineHead } from '../../storage/queue/line.js';

/**
 * Resolves when the outcome is stored; the request has begun when it returns, as far as it can.
 * @param leave gives the place in the loop back. What is still under way then has a limit of its own.
 */
export type SendLeased<T extends LineHead> = (
  leased: ClaimedLine<T>,
  occasion: Occasion,
  leave: () => void,
) => Promise<void>;

/** Lines of one kind: what is due of them, and how it is sent. */
export interface DueSource<T extends LineHead> {
  readonly lines: DueLines<T>;
  /** Something may be due earlier than the loop knows. */
  readonly wake: WakeUp;
  readonly send: SendLeased<T>;
}

/** Deliveries under way in one loop. A silent puppet holds one for 5 s, until its circuit opens. */
const IN_FLIGHT_MAX = 256;
/**
 * Places of those for attempts older than 1 s, so that programs that pull before they answer leave places to others.
 */
const SLOW_MAX = IN_FLIGHT_MAX / 2;
const SLOW_AFTER_MS = 1_000;
/** As many as an origin has sockets. */
const IN_FLIGHT_PER_ENDPOINT_MAX = 32;
const CLAIMS_AT_ONCE = 64;
/** How often to look for what other processes left behind. */
const POLL_MS = 1_000;
/** How often while clients of bots are connected here: what other replicas keep for them is claimed here. */
const POLL_FOR_CLIENTS_MS = 250;
const IDLE_MS = 60_000;
/** A clock that was set back by less delays what waits by as much. The clock of a MongoDB is not known better. */
const SET_BACK_MS = 5_000;
/** By then, what was under way has stored its outcome, with a due time of before. */
const SETTLED_MS = 1_000;
/** What becomes due within this time is claimed together. */
const BREATH_MS = 10;

/** Claims and sends lines of one kind that are due, a limited number at a time, until it is stopped. */
export class RetryLoop<T extends LineHead> {
  /** Places that are taken, by endpoint. */
  readonly #inFlight = new Map<string, number>();
  #inFlightCount = 0;
  /** Attempts older than 1 s, by endpoint. */
  readonly #slow = new Map<string, number>();
  #slowCount = 0;
  readonly #running = new Set<Promise<void>>();
  #loop: Promise<void> | null = null;
  #isStopped = false;
  /** Store time minus the time that passed here, at the last look. */
  #offsetMs = -Infinity;
  /** What waits has due times of before the clock was set back. */
  #isSetBack = false;
  #endBreath: () => void = () => {};
  /** Log lines of troubles that are not over yet. */
  readonly #told = new Set<string>();

  constructor(
    private readonly source: DueSource<T>,
    private readonly circuits: Circuits,
    private readonly connected: Pick<ConnectedBots, 'hasOwn' | 'elsewhere'>,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    private readonly log: Log,
  ) {}

  start(): void {
    this.#loop = this.#run();
  }

  /** Claims nothing more; resolves when everything under way has its outcome. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#endBreath();
    this.source.wake.wakeUp();
    await this.#loop;
    await Promise.all(this.#running);
  }

  /**
   * Claims the account whose turn it is among those that wait for the endpoint, and sends what it has as a probe.
   * @param keys of the only accounts that may be claimed; left out for any.
   * @returns false when there is none.
   */
  async probe(endpoint: string, keys?: ReadonlySet<string>): Promise<boolean> {
    if (this.#isStopped) return false;
    const leased = await this.source.lines.claimOldest(endpoint, this.storeClock.nowMs(), LEASE_MS, keys);
    if (leased !== null) this.send(leased, 'probe');
    return leased !== null;
  }

  /** Sends what was claimed. The request has begun when this returns, unless something must be looked up first. */
  send(leased: ClaimedLine<T>, occasion: Occasion): void {
    const endpoint = leased.endpoint ?? '';
    this.#inFlight.set(endpoint, this.#countOf(endpoint) + 1);
    const over = this.source.lines.workOn(leased);
    this.#inFlightCount++;
    let hasPlace = true;
    let isSlow = false;
    const slow = this.clock.after(SLOW_AFTER_MS, () => {
      isSlow = true;
      this.#addSlow(endpoint, 1);
    });
    const leave = (): void => {
      if (!hasPlace) return;
      hasPlace = false;
      slow.cancel();
      if (isSlow) this.#addSlow(endpoint, -1);
      this.#left(endpoint);
    };
    const running = this.source
      .send(leased, occasion, leave)
      .catch((err: unknown) => {
        // The lease lapses, and it is tried again.
        this.#say(err, 'outbox.outcome_not_stored');
      })
      .finally(() => {
        this.#running.delete(running);
        over();
        if (occasion === 'probe') this.circuits.inconclusive(endpoint);
        leave();
        // What it has released may be due before the loop would look again.
        this.source.wake.wakeUp();
      });
    this.#running.add(running);
  }

  #left(endpoint: string): void {
    this.#inFlightCount--;
    const count = this.#countOf(endpoint) - 1;
    if (count > 0) this.#inFlight.set(endpoint, count);
    else this.#inFlight.delete(endpoint);
    this.source.wake.wakeUp();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.source.wake.looking();
      const pauseMs = await this.#claim();
      if (!this.#isStopped) await this.#pause(pauseMs);
    }
  }

  /** @returns how long there is nothing to do, milliseconds. */
  async #claim(): Promise<number> {
    // Slow attempts beyond their half of the places do not count, so that the other half stays free for others.
    const tooSlow = Math.max(0, this.#slowCount - SLOW_MAX);
    const room = Math.min(CLAIMS_AT_ONCE, IN_FLIGHT_MAX - (this.#inFlightCount - tooSlow));
    if (room <= 0) return IDLE_MS;
    const { lines } = this.source;
    const except = this.#busyEndpoints();
    try {
      const nowMs = this.#followClock();
      if (this.#isSetBack) await this.#makeAllDue();
      const due = await lines.claimDue(nowMs, room, LEASE_MS, except);
      for (const leased of due) this.send(leased, 'due');
      this.#told.clear();
      if (due.length === room) return 0;
      if (lines.isShared) return this.connected.hasOwn ? POLL_FOR_CLIENTS_MS : POLL_MS;
      const nextMs = await lines.nextClaimableAtMs(this.#busyEndpoints());
      return nextMs === null ? IDLE_MS : Math.min(IDLE_MS, Math.max(0, nextMs - nowMs));
    } catch (err) {
      this.#say(err, 'outbox.claim_failed');
      return POLL_MS;
    }
  }

  /** @returns store time. */
  #followClock(): number {
    const nowMs = this.storeClock.nowMs();
    const offsetMs = nowMs - this.clock.elapsedMs();
    const setBackMs = this.#offsetMs - offsetMs;
    this.#offsetMs = offsetMs;
    if (setBackMs > SET_BACK_MS)
      this.clock.after(SETTLED_MS, () => {
        this.#isSetBack = true;
        this.source.wake.wakeUp();
      });
    return nowMs;
  }

  async #makeAllDue(): Promise<void> {
    const { lines } = this.source;
    for (const endpoint of await lines.listEndpoints())
      await lines.wakeEndpoint(endpoint, this.storeClock.nowMs());
    this.#isSetBack = false;
  }

  #busyEndpoints(): ReadonlySet<string> {
    const full = [...this.#inFlight].filter(([, count]) => count >= IN_FLIGHT_PER_ENDPOINT_MAX);
    // Slow endpoints share the half for slow attempts evenly.
    const shareMax = SLOW_MAX / this.#slow.size;
    const slow = this.#slowCount < SLOW_MAX ? [] : [...this.#slow].filter(([, count]) => count >= shareMax);
    const { elsewhere } = this.connected;
    if (full.length === 0 && slow.length === 0 && elsewhere.length === 0) return this.circuits.open;
    const busy = [...full, ...slow].map(([endpoint]) => endpoint);
    return new Set([...this.circuits.open, ...busy, ...elsewhere]);
  }

  #addSlow(endpoint: string, count: 1 | -1): void {
    this.#slowCount += count;
    const now = (this.#slow.get(endpoint) ?? 0) + count;
    if (now > 0) this.#slow.set(endpoint, now);
    else this.#slow.delete(endpoint);
    if (count > 0 && this.#slowCount > SLOW_MAX) this.source.wake.wakeUp();
  }

  #countOf(endpoint: string): number {
    return this.#inFlight.get(endpoint) ?? 0;
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const breath = this.clock.after(BREATH_MS, resolve);
    this.#endBreath = resolve;
    await promise;
    breath.cancel();
    if (!this.#isStopped) await this.source.wake.pause(ms - BREATH_MS, this.clock);
  }

  /** Logs only the beginning of the trouble. */
  #say(err: unknown, line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.log[err instanceof AppError ? 'warn' : 'error']({ err }, line);
  }
}
