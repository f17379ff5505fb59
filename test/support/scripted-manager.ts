/** A manager whose streams do as they are told: for moments that a real one reaches only when it stops. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

type Frame = Readonly<Record<string, unknown>>;

/** One connection of a client that has said hello and was told that it is ready. */
export class ScriptedStream {
  readonly frames: Frame[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)));
      for (const look of this.#waiting) look();
    });
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  tell(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** The first frame, past or to come, of that type and with that id. */
  frame(type: string, id?: string): Promise<Frame> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.frames.find((one) => one.type === type && (id === undefined || one.id === id));
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  end(code: number): void {
    this.socket.close(code);
  }
}

export class ScriptedManager {
  readonly #server: WebSocketServer;
  readonly #streams: ScriptedStream[] = [];

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket) => this.#streams.push(new ScriptedStream(socket)));
  }

  static async start(): Promise<ScriptedManager> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    const manager = new ScriptedManager(server);
    await once(server, 'listening');
    return manager;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections there ever were. */
  get opened(): number {
    return this.#streams.length;
  }

  /** The next connection, once its hello is there. */
  async stream(number: number, { ackMs = 5_000 } = {}): Promise<ScriptedStream> {
    while (this.#streams.length < number) await once(this.#server, 'connection');
    const stream = this.#streams[number - 1] as ScriptedStream;
    await stream.frame('hello');
    stream.tell({ type: 'ready', heartbeatS: 30, ackMs, accounts: [] });
    return stream;
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
