/** Puppets of many accounts behind one origin, which tell the oracle when a delivery begins and when it is taken. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Account } from './accounts.js';
import { newOpenKfId, type WecomApp } from '../../test/support/wecom.js';
import type { Arrival, Oracle } from './oracle.js';
import { stablePort } from './ports.js';

/** Decides what becomes of a delivery, at once or later. */
export type Behaviour = (delivery: Delivery) => void;

export const take: Behaviour = (delivery) => delivery.take();
export const refuse: Behaviour = (delivery) => delivery.refuse();

/** One delivery as it stands before its puppet. */
export class Delivery implements Arrival {
  readonly startedAtMs = performance.now();
  readonly openKfId: string;
  readonly id: string;
  readonly attempt: number;

  constructor(
    request: IncomingMessage,
    readonly response: ServerResponse,
    private readonly oracle: Oracle,
  ) {
    // `/<account>/callback` of a puppet, `/<account>?…` of a bot.
    const [, openKfId = ''] = (request.url ?? '').split(/[/?]/);
    this.openKfId = openKfId;
    this.id = String(request.headers['webhook-id']);
    this.attempt = Number(request.headers['x-wxkf-attempt']);
  }

  take(): void {
    if (!this.#isOpen) return;
    this.response.end('success');
    this.oracle.taken(this);
  }

  /** Takes it with an answer that never ends. */
  pour(): void {
    if (!this.#isOpen) return;
    this.response.writeHead(200);
    this.oracle.taken(this);
    const chunk = Buffer.alloc(4_096, 'x');
    const more = () => {
      while (!this.response.destroyed && this.response.write(chunk));
    };
    this.response.on('drain', more);
    more();
  }

  refuse(status = 503, headers: Record<string, string> = {}): void {
    if (this.#isOpen) this.response.writeHead(status, headers).end();
  }

  /** A 2xx that can reach nobody any more was not written. */
  get #isOpen(): boolean {
    return (
      !this.response.headersSent && !this.response.destroyed && this.response.socket?.destroyed === false
    );
  }
}

export class PuppetHost {
  behave: Behaviour = take;
  #server: Server | null = null;
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly port: number,
    private readonly oracle: Oracle,
  ) {}

  static async open(oracle: Oracle, behave: Behaviour = take): Promise<PuppetHost> {
    const host = new PuppetHost(await stablePort(), oracle);
    host.behave = behave;
    await host.up();
    return host;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A kf account of the corp whose puppet lives here; not registered yet. */
  newAccount(corp: WecomApp): Account {
    const openKfId = newOpenKfId();
    return { ...corp, openKfId, endpoint: `${this.origin}/${openKfId}` };
  }

  async up(): Promise<void> {
    if (this.#server) return;
    const server = createServer((request, response) => this.#serve(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.port, '127.0.0.1', 2_048);
    await once(server, 'listening');
    this.#server = server;
  }

  /** Connections break, and new ones are refused. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const delivery = new Delivery(request, response, this.oracle);
    request.on('error', () => undefined).resume();
    response.on('error', () => undefined);
    response.on('close', () => this.oracle.ended(delivery));
    response.on('finish', () => this.oracle.ended(delivery));
    this.oracle.arrived(delivery);
    this.behave(delivery);
  }
}

/** One host for each account wanted. */
export async function openHosts(count: number, oracle: Oracle, behave?: Behaviour): Promise<PuppetHost[]> {
  return Promise.all(Array.from({ length: count }, () => PuppetHost.open(oracle, behave)));
}

export async function closeHosts(hosts: readonly PuppetHost[]): Promise<void> {
  await Promise.all(hosts.map((host) => host.down()));
}
