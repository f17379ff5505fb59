import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import type { Log } from '../../kernel/log.js';
import { toAddressKey } from '../address.js';
import type { ConnectionLimit, HttpCounts } from '../http-counts.js';
import { filterRequests } from './request-filter.js';
import type { TrustedProxies } from '../trusted-proxies.js';

const TOLD_EVERY_MS = 60_000;
/** For how many addresses refused connections are counted at a time. */
const ADDRESSES_TOLD_MAX = 1_000;

type Limits = Readonly<Record<Exclude<ConnectionLimit, 'pipelined'>, number>>;

/** How many requests of one connection may wait for the answer to an earlier one. Clients of today send none ahead. */
const WAITING_MAX = 16;
/** What Node's parser calls for each request; it ends with the rest unread where that returns 2, as before an upgrade. */
interface Parsing {
  parser?: { onIncoming?: () => number } | null;
}

/**
 * Limits open connections, and the requests that one may send ahead of its answers. A connection beyond a limit is closed
 * without an answer, which such a client would not read.
 */
export class ConnectionLimits {
  readonly #open = new Map<string, number>();
  readonly #waiting = new WeakMap<Socket, number>();
  readonly #refused: RefusedConnections;

  /** @param proxies are exempt from the limit per address: all callers come from theirs. */
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
      // Node gives an answer its socket when the answers before it are written.
      if (socket.destroyed || answer.socket !== null) return socket.destroyed;
      const waiting = (this.#waiting.get(socket) ?? 0) + 1;
      if (waiting > WAITING_MAX) {
        this.#cutOff(socket);
        return true;
      }
      this.#waiting.set(socket, waiting);
      answer.once('socket', () => {
        this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1);
        server.emit('request', request, answer);
      });
      return true;
    });
  }

  #cutOff(socket: Socket): void {
    socket.destroy();
    // One read can bring a thousand requests, all of which would be parsed. This uses an internal part of
    // Node: without it, parsing takes some 10 ms and nothing else changes.
    const { parser } = socket as Parsing;
    if (parser) parser.onIncoming = () => 2;
    this.#refused.add('pipelined', toAddressKey(socket.remoteAddress));
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

/** Logs the first at once, and then once a minute how many came since. */
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
