/** The run's MongoDB behind a line that a test cuts or holds, so that an outage needs no database server of its own. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { dropDatabase, freshDatabaseUri } from './database.js';

/** `mongodb://[credentials@]first-host[,other-hosts]/rest` */
const URI =
  /^(?<scheme>mongodb:\/\/(?:[^@/]*@)?)(?<host>[^:/,]+)(?::(?<port>\d+))?[^/]*(?<path>\/[^?]*)\??(?<query>.*)$/;

export class DatabaseLine {
  readonly #sockets = new Set<Socket>();
  #isHeld = false;

  private constructor(
    /** Of the same database, past the line. */
    readonly directUri: string,
    private server: Server,
    private readonly port: number,
  ) {}

  /** To a database that was never used; it is dropped when the line is closed. */
  static async open(): Promise<DatabaseLine> {
    const server = await listen(0);
    const line = new DatabaseLine(freshDatabaseUri(), server, (server.address() as AddressInfo).port);
    line.#serve();
    return line;
  }

  /** Names this server alone: a replica set would tell drivers of its members, past the line. */
  get uri(): string {
    const { scheme = '', path = '', query = '' } = URI.exec(this.directUri)?.groups ?? {};
    const options = new URLSearchParams(query);
    options.delete('replicaSet');
    options.set('directConnection', 'true');
    return `${scheme}127.0.0.1:${this.port}${path}?${options}`;
  }

  /** As when the server's process is killed: connections break, and nobody listens. */
  async cut(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  /** As when the server's process is stopped: connections stay and can be made, and nothing is answered. */
  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Ends either. */
  async restore(): Promise<void> {
    this.#isHeld = false;
    for (const socket of this.#sockets) socket.resume();
    if (this.server.listening) return;
    this.server = await listen(this.port);
    this.#serve();
  }

  async close(): Promise<void> {
    if (this.server.listening) await this.cut();
    await dropDatabase(this.directUri);
  }

  #serve(): void {
    this.server.on('connection', (socket) => this.#join(socket));
  }

  #join(socket: Socket): void {
    const { host = '', port = '27017' } = URI.exec(this.directUri)?.groups ?? {};
    const upstream = connect({ host, port: Number(port), noDelay: true });
    socket.setNoDelay(true);
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#isHeld) from.pause();
    }
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
