import { Pool, type Dispatcher as Undici } from 'undici';
import type { Clock, Timer } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';

/** Sockets to one origin: enough for thousands of deliveries a second, few enough that one origin takes no others' share. */
const SOCKETS_PER_ORIGIN = 32;
/** Deliveries of one origin that are under way or wait for a socket; the next one fails at once. */
const DELIVERIES_PER_ORIGIN = 512;
/** Beyond this many only events that come in go to an origin; hints wait, so that it takes no others' share of them. */
const CROWDED_DELIVERIES = 2 * SOCKETS_PER_ORIGIN;
/** The deployed puppet closes a connection that was idle for 5 s; one that old is not used again. */
const KEEP_ALIVE_MS = 3_000;
const CONNECT_LIMIT_MS = 5_000;
const SWEEP_MS = 30_000;

/** The sockets of one origin, counted. */
export class OriginPool {
  readonly #pool: Pool;
  #underWay = 0;
  #lastUsedMs = 0;

  constructor(
    origin: string,
    private readonly clock: Clock,
  ) {
    this.#pool = new Pool(origin, {
      connections: SOCKETS_PER_ORIGIN,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_LIMIT_MS },
      // An exchange has one deadline for all of it, which is not undici's to keep.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  get isFull(): boolean {
    return this.#underWay >= DELIVERIES_PER_ORIGIN;
  }

  get isCrowded(): boolean {
    return this.#underWay >= CROWDED_DELIVERIES;
  }

  begin(): void {
    this.#underWay++;
    this.#lastUsedMs = this.clock.elapsedMs();
  }

  end(): void {
    this.#underWay--;
  }

  send(request: Undici.DispatchOptions, handler: Undici.DispatchHandler): void {
    this.#pool.dispatch(request, handler);
  }

  isIdleFor(ms: number): boolean {
    return this.#underWay === 0 && this.clock.elapsedMs() - this.#lastUsedMs >= ms;
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** One pool per origin, made when first used and closed when puppets of that origin are gone for a while. */
export class OriginPools {
  readonly #pools = new Map<string, OriginPool>();
  #sweeper: Timer;
  #isClosed = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.#sweeper = this.#sweepLater();
  }

  of(origin: string): OriginPool {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      pool = new OriginPool(origin, this.clock);
      if (this.#isClosed) this.#destroy(origin, pool);
      else this.#pools.set(origin, pool);
    }
    return pool;
  }

  isCrowded(origin: string): boolean {
    return this.#pools.get(origin)?.isCrowded ?? false;
  }

  /** A delivery that begins later fails before it has a socket. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweeper.cancel();
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #sweepLater(): Timer {
    return this.clock.after(SWEEP_MS, () => {
      for (const [origin, pool] of this.#pools) {
        if (!pool.isIdleFor(SWEEP_MS)) continue;
        this.#pools.delete(origin);
        this.#destroy(origin, pool);
      }
      this.#sweeper = this.#sweepLater();
    });
  }

  #destroy(origin: string, pool: OriginPool): void {
    pool.destroy().catch((err: unknown) => this.log.debug({ origin, err }, 'origin.close_failed'));
  }
}
