/** Stands before a server and keeps what it is sent, byte for byte, while it passes everything on. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class ByteTap {
  readonly #sockets = new Set<Socket>();
  #seen = '';

  private constructor(private readonly server: Server) {}

  static async open(to: string): Promise<ByteTap> {
    const { hostname, port } = new URL(to);
    const server = createServer();
    const tap = new ByteTap(server);
    server.on('connection', (near) => tap.#join(near, connect(Number(port), hostname)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return tap;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What came since this was called last, in order of arrival, with each byte as one character. */
  take(): string {
    const seen = this.#seen;
    this.#seen = '';
    return seen;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    near.on('data', (chunk) => {
      this.#seen += chunk.toString('latin1');
    });
    near.pipe(far).pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
    }
  }
}
