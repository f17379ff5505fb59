/** Puppets on bare sockets, for rates at which those of `puppets.ts` would be what is measured. They take everything. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Account } from './accounts.js';
import { MessageReader } from './message-reader.js';
import { newOpenKfId, type WecomApp } from '../../test/support/wecom.js';
import type { Oracle } from './oracle.js';

const TAKEN = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nsuccess';

export class QuickPuppets {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #arrivals = 0;

  /** @param delayMs from a delivery to its answer. */
  private constructor(
    private readonly oracle: Oracle,
    private readonly delayMs: number,
  ) {
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  /** One origin. */
  static async open(oracle: Oracle, delayMs: number): Promise<QuickPuppets> {
    const puppets = new QuickPuppets(oracle, delayMs);
    puppets.#server.listen(0, '127.0.0.1');
    await once(puppets.#server, 'listening');
    return puppets;
  }

  newAccount(corp: WecomApp): Account {
    const openKfId = newOpenKfId();
    const { port } = this.#server.address() as AddressInfo;
    return { ...corp, openKfId, endpoint: `http://127.0.0.1:${port}/${openKfId}` };
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    const reader = new MessageReader((head) => this.#arrived(head, socket));
    this.#sockets.add(socket);
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  /** Callers send the same few events again and again, so that to have had one before says nothing. */
  #arrived(head: string, socket: Socket): void {
    const [, openKfId = ''] = /^POST \/([^/]+)\//.exec(head) ?? [];
    const id = String(++this.#arrivals);
    const arrival = { openKfId, id, attempt: 1, startedAtMs: performance.now() };
    this.oracle.arrived(arrival);
    const take = (): void => {
      if (!socket.destroyed) {
        socket.write(TAKEN);
        this.oracle.taken(arrival);
      }
      this.oracle.ended(arrival);
    };
    if (this.delayMs === 0) take();
    else setTimeout(take, this.delayMs);
  }
}
