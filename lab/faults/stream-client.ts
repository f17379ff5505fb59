/** A bot's client that keeps a stream open through whatever is in front of the managers, as docs/reference/protocol.md asks. */
import { WebSocket } from 'ws';
import type { Oracle } from './oracle.js';

const AGAIN_MS = { first: 100, last: 2_000 } as const;

interface Frame {
  readonly type: string;
  readonly id: string;
  readonly attempt: number;
  readonly openKfId: string;
  readonly token: string;
  readonly at: number;
  readonly reason: string;
  readonly reconnectAfterMs: number;
}

export class StreamClient {
  #socket: WebSocket | null = null;
  #againMs: number = AGAIN_MS.first;
  #isOver = false;
  /** Its connection drains, and it has no other yet. */
  #isMoving = false;

  constructor(
    private readonly url: string,
    private readonly key: string,
    private readonly account: string,
    private readonly oracle: Oracle,
    private readonly onEvent: (token: string) => void,
  ) {}

  /** Resolves when the first connection is ready. */
  open(): Promise<void> {
    return new Promise((resolve) => this.#connect(resolve));
  }

  close(): void {
    this.#isOver = true;
    this.#socket?.terminate();
  }

  #connect(onReady: () => void = () => {}): void {
    if (this.#isOver) return;
    const socket = new WebSocket(`${this.url}/puppetWxkfManager/stream`, {
      headers: { authorization: `Bearer ${this.key}` },
    });
    socket.on('open', () =>
      this.#send(socket, {
        ...{ type: 'hello', version: 1, clientId: this.account, openKfIds: [this.account] },
      }),
    );
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      if (frame.type === 'ready') {
        this.#socket = socket;
        this.#isMoving = false;
        this.#againMs = AGAIN_MS.first;
        onReady();
      }
      this.#take(socket, frame);
    });
    socket.on('error', () => {});
    // One that another has taken the place of is let go.
    socket.on('close', () => {
      if (this.#socket !== null && this.#socket !== socket && !this.#isMoving) return;
      if (this.#socket === socket) this.#socket = null;
      setTimeout(() => this.#connect(onReady), this.#againMs);
      this.#againMs = Math.min(this.#againMs * 2, AGAIN_MS.last);
    });
  }

  #take(socket: WebSocket, frame: Frame): void {
    if (frame.type === 'ping') this.#send(socket, { type: 'pong', at: frame.at });
    // The new connection stands before the old one ends.
    if (frame.type === 'goaway' && frame.reason === 'drain') {
      this.#isMoving = true;
      setTimeout(() => this.#connect(), frame.reconnectAfterMs);
    }
    if (frame.type !== 'event') return;
    const { id, attempt, openKfId } = frame;
    const arrival = { openKfId, id, attempt, startedAtMs: performance.now() };
    this.oracle.arrived(arrival);
    this.onEvent(frame.token);
    if (this.#send(socket, { type: 'ack', id })) this.oracle.taken(arrival);
    this.oracle.ended(arrival);
  }

  #send(socket: WebSocket, frame: object): boolean {
    if (socket.readyState !== socket.OPEN) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }
}
