/** Stands between the manager and its database and breaks their connections. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Run } from './run.js';

export class TcpProxy {
  upstreamPort = 0;
  readonly #sockets = new Set<Socket>();
  #isBroken = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async open(port: number, run: Run): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, port);
    server.on('connection', (socket) => proxy.#join(socket));
    run.onEnd(() => proxy.close());
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** Resets what is open and, until `mend`, whatever connects. */
  break(): void {
    this.#isBroken = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  mend(): void {
    this.#isBroken = false;
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(socket: Socket): void {
    if (this.#isBroken) {
      socket.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const upstream = connect({ port: this.upstreamPort, host: '127.0.0.1', noDelay: true });
    socket.setNoDelay(true);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
