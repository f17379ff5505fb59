/**
 * More callbacks than anybody can take: sealed ahead, on bare sockets that are kept open, each with one request
 * under way. What is due and finds no free connection is not sent, as a proxy in front would not send it.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Callback } from './accounts.js';
import { Latencies } from './latencies.js';
import { MessageReader } from './message-reader.js';
import type { Oracle } from './oracle.js';

const TICK_MS = 2;
const CONNECTS_AT_ONCE = 100;
/** Longer than the manager may take for anything. */
const LAST_ANSWERS_MS = 20_000;

/** Answers of one kind. */
export class Answers {
  readonly latencies = new Latencies();
  count = 0;
  maxMs = 0;

  add(latencyMs: number): void {
    this.count++;
    this.maxMs = Math.max(this.maxMs, latencyMs);
    this.latencies.add(latencyMs);
  }
}

/** What one phase of a flood came to. */
export class FloodFigures {
  readonly startedAtMs = performance.now();
  readonly accepted = new Answers();
  readonly refused = new Answers();
  /** Neither 200 nor our 503, and no answer at all. */
  readonly others = new Map<string, number>();
  unsent = 0;
  endedAtMs = Number.NaN;
  /** When the first callback of the phase was answered 200, after its start. */
  firstAcceptedMs: number | null = null;

  get seconds(): number {
    return (this.endedAtMs - this.startedAtMs) / 1_000;
  }

  add(status: string, body: string, latencyMs: number): void {
    if (status === '200') {
      this.firstAcceptedMs ??= performance.now() - this.startedAtMs;
      this.accepted.add(latencyMs);
    } else if (status === '503' && body.includes('"OVERLOADED"')) {
      this.refused.add(latencyMs);
    } else {
      this.other(`${status} ${/"error":"(\w+)"/.exec(body)?.[1] ?? ''}`.trim());
    }
  }

  other(what: string): void {
    this.others.set(what, (this.others.get(what) ?? 0) + 1);
  }
}

interface Connection {
  readonly socket: Socket;
  sent: { readonly callback: Callback; readonly atMs: number; readonly figures: FloodFigures } | null;
}

export class Flood {
  readonly #connections = new Set<Connection>();
  readonly #idle: Connection[] = [];
  #figures = new FloodFigures();
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosedLoop = false;
  #isClosing = false;

  constructor(
    private readonly port: number,
    private readonly callbacks: readonly Callback[],
    private readonly oracle: Oracle,
  ) {}

  /** As many as are missing. Those that then bring nothing for 10 s, the manager closes. */
  async open(count: number): Promise<void> {
    while (this.#connections.size < count) {
      const some = Math.min(CONNECTS_AT_ONCE, count - this.#connections.size);
      await Promise.all(Array.from({ length: some }, () => this.#connect()));
    }
  }

  /** As much as comes back, on so many connections. */
  startClosed(connections: number): FloodFigures {
    this.#figures = new FloodFigures();
    this.#isClosedLoop = true;
    for (const connection of this.#idle.splice(0, connections)) this.#send(connection);
    return this.#figures;
  }

  /** So many a second, whatever comes back. */
  startOpen(ratePerS: number): FloodFigures {
    const figures = new FloodFigures();
    this.#figures = figures;
    let count = 0;
    this.#timer = setInterval(() => {
      const due = ((performance.now() - figures.startedAtMs) * ratePerS) / 1_000;
      for (; count < due; count++) {
        const connection = this.#idle.shift();
        if (connection) this.#send(connection);
        else figures.unsent++;
      }
    }, TICK_MS);
    return figures;
  }

  /** Sends nothing more. */
  pause(): void {
    clearInterval(this.#timer);
    this.#isClosedLoop = false;
    this.#figures.endedAtMs = performance.now();
  }

  /** Resolves when everything that was sent is answered. */
  async whenAnswered(): Promise<void> {
    const limitMs = performance.now() + LAST_ANSWERS_MS;
    while (this.#idle.length < this.#connections.size && performance.now() < limitMs) await sleep(5);
    for (const connection of this.#connections) {
      if (connection.sent === null) continue;
      connection.sent.figures.other('no answer');
      connection.sent = null;
    }
  }

  close(): void {
    this.#isClosing = true;
    for (const { socket } of this.#connections) socket.destroy();
  }

  async #connect(): Promise<void> {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    const connection: Connection = { socket, sent: null };
    const reader = new MessageReader((head, body) => this.#answered(connection, head, body));
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed(connection));
    this.#connections.add(connection);
    await once(socket, 'connect');
    this.#idle.push(connection);
  }

  #send(connection: Connection): void {
    const callback = this.callbacks[this.#next++ % this.callbacks.length];
    if (!callback) return;
    connection.sent = { callback, atMs: performance.now(), figures: this.#figures };
    connection.socket.write(callback.request);
  }

  #answered(connection: Connection, head: string, body: Buffer): void {
    const { sent } = connection;
    if (sent === null) return;
    connection.sent = null;
    const status = head.slice(9, 12);
    this.oracle.answered(sent.callback.account.openKfId, sent.atMs, Number(status));
    sent.figures.add(status, body.toString('latin1'), performance.now() - sent.atMs);
    if (this.#isClosedLoop) this.#send(connection);
    else this.#idle.push(connection);
  }

  #closed(connection: Connection): void {
    this.#connections.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#isClosing) return;
    connection.sent?.figures.other('connection closed');
    connection.sent = null;
  }
}
