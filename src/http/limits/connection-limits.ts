import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import type { Log } from '../../kernel/log.js';
import { toAddressKey } from '../request/address.js';
import type { ConnectionLimit, HttpCounts } from './http-counts.js';
import { filterRequests } from './request-filter.js';
import type { TrustedProxies } from '../request/trusted-proxies.js';

const TOLD_EVERY_MS = 60_000;
/** For how many addresses refused connections are counted at a time. */
const ADDRESSES_TOLD_MAX = 1_000;

type Limits = Readonly<Record<Exclude<ConnectionLimit, 'pipelined'>, number>>;

/** How many requests of one connection may wait for the answer to an earlier one. Clients of today send none ahead. */
const WAITING_MAX = 16;

/**
 * Limits open connections, and the requests that a connection may send before its earlier ones are answered. A connection
 * beyond a limit is closed without an answer: such a client would not read one.
 */
export class ConnectionLimits {
  readonly #open = new Map<string, number>();
  /** The answer to the last request of each connection, until that answer is complete. Idle connections have none. */
  readonly #last = new WeakMap<Duplex, ServerResponse | null>();
  /** How many requests of a connection wait for an earlier answer. */
  readonly #waiting = new WeakMap<Duplex, number>();
  /** The answer to the request that has waited and is served now. */
  #served: ServerResponse | null = null;
  readonly #refused: RefusedConnections;

  /** @param proxies have no limit per address, since all callers come from their addresses. */
  constructor(
    private readonly limits: Limits,
    private readonly proxies: TrustedProxies,
    counts: HttpCounts,
    clock: Clock,
    log: Log,
  ) {
    this.#refused = new RefusedConnections({ ...limits, pipelined: WAITING_MAX }, counts, clock, log);
  }

  hold(server: Server): void {
    server.maxConnections = this.limits.inAll;
    server.on('drop', (dropped) => this.#refused.add('inAll', toAddressKey(dropped?.remoteAddress)));
    server.on('connection', (socket) => this.#admit(socket));
  }

  /** Serves the requests of a connection one after the other. Call it after all other request filters. */
  holdRequests(server: Server): void {
    filterRequests(server, (request, answer) => {
      const { socket } = request;
      // The connection is closed, or will be after its last answer. Requests behind that get no answer, so they are not served.
      if (!socket.writable) return true;
      if (answer === this.#served) return false;
      const before = this.#last.get(socket) ?? null;
      this.#last.set(socket, answer);
      answer.once('close', () => {
        if (this.#last.get(socket) === answer) this.#last.set(socket, null);
      });
      if (before === null) return false;
      const waiting = this.#waiting.get(socket) ?? 0;
      if (waiting === WAITING_MAX) {
        socket.destroy();
        this.#refused.add('pipelined', toAddressKey(socket.remoteAddress));
        return true;
      }
      this.#waiting.set(socket, waiting + 1);
      before.once('close', () => this.#serve(server, request, answer));
      return true;
    });
  }

  #serve(server: Server, request: IncomingMessage, answer: ServerResponse): void {
    const { socket } = request;
    this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1);
    this.#served = answer;
    server.emit('request', request, answer);
    this.#served = null;
  }

  /**
   * Whether an earlier request of the connection is not answered yet. Its answer would be written into the protocol that takes
   * the connection over.
   */
  hasUnanswered(socket: Duplex): boolean {
    return (this.#last.get(socket) ?? null) !== null;
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

/** Logs the first refused connection at once, and then once a minute how many were refused since. */
class RefusedConnections {
  readonly #untold = { inAll: 0, perAddress: 0, pipelined: 0 };
  readonly #byAddress = new LRUCache<string, number>({ max: ADDRESSES_TOLD_MAX });
  #isTold = false;

  constructor(
    private readonly limits: Readonly<Record<ConnectionLimit, number>>,
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
    this.#untold.pipelined = 0;
    this.#byAddress.clear();
    this.#isTold = true;
    this.clock.after(TOLD_EVERY_MS, () => {
      this.#isTold = false;
      if (this.#byAddress.size > 0) this.#tell();
    });
  }
}
