import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import type { Log } from '../../kernel/log.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { Circuits } from '../line/circuit.js';
import { LEASE_MS, type Occasion } from '../outbox/hint.js';
import type { HintQueue } from '../outbox/hint-queue.js';
import type { ClaimedHint } from '../outbox/outbox.js';
import type { HintSender } from './hint-sender.js';

/** Deliveries under way from one outbox. A silent puppet holds one for 5 s, until its circuit opens. */
const IN_FLIGHT_MAX = 256;
/** Of those, for attempts older than 1 s: programs that pull before they answer take no places from others. */
const SLOW_MAX = IN_FLIGHT_MAX / 2;
const SLOW_AFTER_MS = 1_000;
/** As many as an origin has sockets. */
const IN_FLIGHT_PER_ENDPOINT_MAX = 32;
const CLAIMS_AT_ONCE = 64;
/** How often to look for hints that other processes left behind. */
const POLL_MS = 1_000;
const IDLE_MS = 60_000;
/** Hints that become due within this time are claimed together. */
const BREATH_MS = 10;

/** Claims and sends what is due in one outbox, a limited number at a time, until it is stopped. */
export class RetryLoop {
  readonly #inFlight = new Map<string, number>();
  /** Attempts older than 1 s, by endpoint. */
  readonly #slow = new Map<string, number>();
  #slowCount = 0;
  readonly #running = new Set<Promise<void>>();
  #loop: Promise<void> | null = null;
  #isStopped = false;
  #endBreath: () => void = () => {};
  /** Troubles that were logged and are not over. */
  readonly #told = new Set<string>();

  constructor(
    private readonly queue: HintQueue,
    private readonly sender: HintSender,
    private readonly circuits: Circuits,
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
    this.queue.wakeUp();
    await this.#loop;
    await Promise.all(this.#running);
  }

  /** Claims the oldest hint of the endpoint as its probe. @returns false when there is none. */
  async probe(endpoint: string): Promise<boolean> {
    if (this.#isStopped) return false;
    const hint = await this.queue.outbox.claimOldest(endpoint, this.storeClock.nowMs(), LEASE_MS);
    if (hint !== null) this.send(hint, 'probe');
    return hint !== null;
  }

  /** Sends a claimed hint. The request has begun when this returns, unless something must be looked up first. */
  send(hint: ClaimedHint, occasion: Occasion): void {
    const endpoint = hint.endpoint ?? '';
    this.#inFlight.set(endpoint, this.#countOf(endpoint) + 1);
    let isSlow = false;
    const slow = this.clock.after(SLOW_AFTER_MS, () => {
      isSlow = true;
      this.#addSlow(endpoint, 1);
    });
    const running = this.sender
      .send(this.queue.outbox, hint, occasion)
      .catch((err: unknown) => {
        // The lease lapses, and the hint is tried again.
        this.#say(err, 'outbox.outcome_not_stored');
      })
      .finally(() => {
        this.#running.delete(running);
        slow.cancel();
        if (isSlow) this.#addSlow(endpoint, -1);
        if (occasion === 'probe') this.circuits.inconclusive(endpoint);
        this.#ended(endpoint);
      });
    this.#running.add(running);
  }

  #ended(endpoint: string): void {
    const count = this.#countOf(endpoint) - 1;
    if (count > 0) this.#inFlight.set(endpoint, count);
    else this.#inFlight.delete(endpoint);
    this.queue.wakeUp();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.queue.looking();
      const pauseMs = await this.#claim();
      if (!this.#isStopped) await this.#pause(pauseMs);
    }
  }

  /** @returns how long there is nothing to do, milliseconds. */
  async #claim(): Promise<number> {
    // Beyond their half, those that turned out to be slow count for nothing, so that half of the places is for others.
    const tooSlow = Math.max(0, this.#slowCount - SLOW_MAX);
    const room = Math.min(CLAIMS_AT_ONCE, IN_FLIGHT_MAX - (this.#running.size - tooSlow));
    if (room <= 0) return IDLE_MS;
    const { outbox } = this.queue;
    const except = this.#busyEndpoints();
    try {
      const hints = await outbox.claimDue(this.storeClock.nowMs(), room, LEASE_MS, except);
      for (const hint of hints) this.send(hint, 'due');
      this.#told.clear();
      if (hints.length === room) return 0;
    } catch (err) {
      this.#say(err, 'outbox.claim_failed');
      return POLL_MS;
    }
    if (outbox.isShared) return POLL_MS;
    const nextMs = outbox.nextClaimableAtMs(this.#busyEndpoints());
    return nextMs === null ? IDLE_MS : Math.min(IDLE_MS, Math.max(0, nextMs - this.storeClock.nowMs()));
  }

  #busyEndpoints(): ReadonlySet<string> {
    const full = [...this.#inFlight].filter(([, count]) => count >= IN_FLIGHT_PER_ENDPOINT_MAX);
    const slow = this.#slowCount >= SLOW_MAX ? [...this.#slow.keys()] : [];
    if (full.length === 0 && slow.length === 0) return this.circuits.open;
    return new Set([...this.circuits.open, ...full.map(([endpoint]) => endpoint), ...slow]);
  }

  #addSlow(endpoint: string, count: 1 | -1): void {
    this.#slowCount += count;
    const now = (this.#slow.get(endpoint) ?? 0) + count;
    if (now > 0) this.#slow.set(endpoint, now);
    else this.#slow.delete(endpoint);
    if (count > 0 && this.#slowCount > SLOW_MAX) this.queue.wakeUp();
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
    if (!this.#isStopped) await this.queue.pause(ms - BREATH_MS, this.clock);
  }

  /** Logs only the beginning of the trouble. */
  #say(err: unknown, line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.log[err instanceof AppError ? 'warn' : 'error']({ err }, line);
  }
}
