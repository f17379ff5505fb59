/**
 * Outgoing connections, limited in number. Each place that is called has its own pool, so a slow place takes no sockets from
 * others. Pools count and limit; callers handle deadlines and failures.
 */
import type { LookupFunction } from 'node:net';
import { Pool, type Dispatcher as Undici } from 'undici';
import type { ForwardProxy } from '../../config/forward-proxy.js';
import type { Clock, Timer } from '../../kernel/clock.js';
import type { Log } from '../../kernel/log.js';
import { type HostJudge, type ProxyRoute, routeThrough } from './forward-proxy.js';

export interface PoolLimits {
  readonly sockets: number;
  /** Exchanges that are running or wait for a socket. */
  readonly exchanges: number;
  /** A connection that was idle for so long is not used again. */
  readonly keepAliveMs: number;
  readonly connectMs: number;
}

/** How often idle pools are closed. A pool takes some 17 kB, and is useless once its connections were idle for too long. */
const SWEEP_MS = 5_000;

/** The sockets of one pool, counted. */
export class ConnectionPool {
  readonly #pool: Pool;
  readonly #route: ProxyRoute | null;
  #underWay = 0;
  #lastUsedMs = 0;

  constructor(
    readonly origin: string,
    private readonly limits: PoolLimits,
    private readonly clock: Clock,
    lookup?: LookupFunction,
    readonly proxy: ForwardProxy | null = null,
    judge: HostJudge | null = null,
  ) {
    this.#route = proxy === null ? null : routeThrough(proxy, origin, limits.connectMs, judge);
    this.#pool = new Pool(origin, {
      connections: limits.sockets,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: limits.keepAliveMs,
      keepAliveMaxTimeout: limits.keepAliveMs,
      connect: this.#route?.connect ?? { timeout: limits.connectMs, lookup },
      // The caller sets one deadline for a whole exchange, so undici's own timeouts are off.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Connections that are open. */
  get sockets(): number {
    return this.#pool.stats.connected;
  }

  /** Whether the next exchange is one too many. */
  get isFull(): boolean {
    return this.#underWay >= this.limits.exchanges;
  }

  begin(): void {
    this.#underWay++;
    this.#lastUsedMs = this.clock.elapsedMs();
  }

  end(): void {
    this.#underWay--;
  }

  send(request: Undici.DispatchOptions, handler: Undici.DispatchHandler): void {
    this.#pool.dispatch(this.#route?.toProxied(request) ?? request, handler);
  }

  isIdleFor(ms: number): boolean {
    return this.#underWay === 0 && this.clock.elapsedMs() - this.#lastUsedMs >= ms;
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** Pools by name. A pool is made when first used, and closed when it was not used for a while. */
export class ConnectionPools {
  readonly #pools = new Map<string, ConnectionPool>();
  #sweeper: Timer;
  #isClosed = false;

  /**
   * @param lookup finds the addresses of host names, and can refuse some. Left out: the system's. A proxy has its own.
   * @param proxy all connections go through it; `null` for none.
   * @param judge refuses hosts that are called through the proxy; `null` for none.
   */
  constructor(
    private readonly limits: PoolLimits,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly lookup?: LookupFunction,
    private readonly proxy: ForwardProxy | null = null,
    private readonly judge: HostJudge | null = null,
  ) {
    this.#sweeper = this.#sweepLater();
  }

  /** @param name tells several pools of one origin apart. */
  of(origin: string, name = origin): ConnectionPool {
    let pool = this.#pools.get(name);
    if (pool === undefined) {
      pool = new ConnectionPool(origin, this.limits, this.clock, this.lookup, this.proxy, this.judge);
      if (this.#isClosed) this.#destroy(name, pool);
      else this.#pools.set(name, pool);
    }
    return pool;
  }

  underWayOf(name: string): number {
    return this.#pools.get(name)?.underWay ?? 0;
  }

  /** Open connections of each pool, with their origin. */
  *sockets(): Generator<readonly [origin: string, sockets: number]> {
    for (const { origin, sockets } of this.#pools.values()) yield [origin, sockets];
  }

  /** An exchange that begins later fails before it has a socket. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweeper.cancel();
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #sweepLater(): Timer {
    return this.clock.after(SWEEP_MS, () => {
      for (const [name, pool] of this.#pools) {
        if (!pool.isIdleFor(this.limits.keepAliveMs)) continue;
        this.#pools.delete(name);
        this.#destroy(name, pool);
      }
      this.#sweeper = this.#sweepLater();
    });
  }

  #destroy(name: string, pool: ConnectionPool): void {
    pool.destroy().catch((err: unknown) => this.log.debug({ pool: name, err }, 'pool.close_failed'));
  }
}
