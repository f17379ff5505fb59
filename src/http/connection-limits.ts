import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { toAddressKey } from './address.js';
import type { ConnectionLimit, HttpCounts } from './http-counts.js';
import type { TrustedProxies } from './trusted-proxies.js';

const TOLD_EVERY_MS = 60_000;
/** Of whom refused connections are counted at a time. */
const ADDRESSES_TOLD_MAX = 1_000;

type Limits = Readonly<Record<ConnectionLimit, number>>;

/** How many connections may be open; what is too many is closed before it has said anything. */
export class ConnectionLimits {
  readonly #open = new Map<string, number>();
  readonly #refused: RefusedConnections;

  /** @param proxies are not held to the limit per address: everybody's come from theirs. */
  constructor(
    private readonly limits: Limits,
    private readonly proxies: TrustedProxies,
    counts: HttpCounts,
    clock: Clock,
    log: Log,
  ) {
    this.#refused = new RefusedConnections(limits, counts, clock, log);
  }

  hold(server: Server): void {
    server.maxConnections = this.limits.inAll;
    server.on('drop', (dropped) => this.#refused.add('inAll', toAddressKey(dropped?.remoteAddress)));
    server.on('connection', (socket) => this.#admit(socket));
  }

  #admit(socket: Socket): void {
    const { remoteAddress } = socket;
    if (this.proxies.has(remoteAddress)) return;
    const key = toAddressKey(remoteAddress);
    const open = this.#open.get(key) ?? 0;
    if (open >= this.limits.perAddress) {
      socket.destroy();
      this.#refused.add('perAddress', key);
      return;
    }
    this.#open.set(key, open + 1);
    socket.once('close', () => this.#release(key));
  }

  #release(key: string): void {
    const open = this.#open.get(key) ?? 0;
    if (open > 1) this.#open.set(key, open - 1);
    else this.#open.delete(key);
  }
}

/** Tells at once of the first, and then once a minute of those that came since. */
class RefusedConnections {
  readonly #untold = { inAll: 0, perAddress: 0 };
  readonly #byAddress = new LRUCache<string, number>({ max: ADDRESSES_TOLD_MAX });
  #isTold = false;

  constructor(
    private readonly limits: Limits,
    private readonly counts: HttpCounts,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  add(limit: ConnectionLimit, key: string): void {
    this.counts.refusedConnections[limit]++;
    this.#untold[limit]++;
    this.#byAddress.set(key, (this.#byAddress.get(key) ?? 0) + 1);
    if (!this.#isTold) this.#tell();
  }

  #tell(): void {
    const [address, most] = [...this.#byAddress.entries()].reduce((a, b) => (b[1] > a[1] ? b : a));
    const fields = { ...this.#untold, address, ofAddress: most, limits: this.limits };
    this.log.warn(fields, 'http.connections_refused');
    this.#untold.inAll = 0;
    this.#untold.perAddress = 0;
    this.#byAddress.clear();
    this.#isTold = true;
    this.clock.after(TOLD_EVERY_MS, () => {
      this.#isTold = false;
      if (this.#byAddress.size > 0) this.#tell();
    });
  }
}
