import type { RawData, WebSocket } from 'ws';
import { BYTES_FREE, type BudgetShare, PIECE_BYTES } from '../../http/limits/body-budget.js';
import type { Clock, Timer } from '../../kernel/clock.js';
import { type BotFrame, type Hello, HEARTBEAT_S, readFrame } from '../protocol/frames.js';
import type { Client, ClientEnd } from './client.js';
import { SocketWire } from './socket-wire.js';

const HELLO_LIMIT_MS = 5_000;
const HEARTBEAT_MS = HEARTBEAT_S * 1_000;
/** Pings without an answer that a connection survives. */
const MISSED_MAX = 1;
/** WebSocket's own code for a message that is too long (RFC 6455, 7.4.1). */
const TOO_LONG = 1009;
/** The most frames in one heartbeat that acknowledge nothing, such as late acknowledgements and pings. */
const IDLE_FRAMES_MAX = 300;

/** Admits clients to a session. */
export interface Welcome {
  /** @returns the new client, or a text that says what is wrong with the `hello`. */
  admit(hello: Hello, wire: SocketWire): Client | string;
}

/** The raw socket of a connection. Its data arrives in pieces of any size. */
export interface RawSocket {
  prependListener(event: 'data', listener: (piece: Buffer) => void): unknown;
}

/** One WebSocket, from its opening to its end. */
export class SocketSession {
  readonly #wire: SocketWire;
  #client: Client | null = null;
  #timer: Timer;
  #missed = 0;
  #idleFrames = 0;
  /** Bytes that are counted as held since the last whole frame. */
  #unread = 0;
  #ended: ClientEnd | null = null;

  /**
   * @param incoming the socket that carries the WebSocket.
   * @param holding the connection's part of the budget for bodies.
   */
  constructor(
    private readonly socket: WebSocket,
    incoming: RawSocket,
    private readonly holding: BudgetShare,
    private readonly welcome: Welcome,
    private readonly clock: Clock,
    /** Called once, when the connection is closed. */
    private readonly onClose: (why: ClientEnd, client: Client | null) => void,
  ) {
    this.#wire = new SocketWire(socket, holding, clock, () => this.#endSlow());
    this.#timer = clock.after(HELLO_LIMIT_MS, () => this.#refuse('hello must come within 5 s', 'silent'));
    // Counts a piece before the WebSocket reads it: `#read` frees the bytes of a complete frame.
    incoming.prependListener('data', ({ length }) => this.#hold(length + PIECE_BYTES));
    socket.on('message', (data, isBinary) => this.#read(data, isBinary));
    // The frame is too long or invalid. `close` follows.
    socket.on('error', () => {
      this.#ended ??= 'invalid';
    });
    socket.once('close', (code) => this.#closed(code));
  }

  end(why: ClientEnd): void {
    this.#ended ??= why;
    if (this.#client !== null) this.#client.end(why);
    else this.#wire.close(why);
  }

  /** Tells the reason first: the client sees it if it begins to read again. */
  #endSlow(): void {
    this.#client?.goAway('slow', 0);
    this.end('slow');
  }

  #hold(bytes: number): void {
    this.#unread += bytes;
    this.holding.hold(bytes);
    if (this.#unread <= BYTES_FREE || !this.holding.isSpent()) return;
    this.#refuse('too many bytes of incomplete frames', 'silent');
  }

  #read(data: RawData, isBinary: boolean): void {
    this.holding.free(this.#unread);
    this.#unread = 0;
    if (this.#ended !== null) return;
    if (isBinary) return this.#refuse('frames must be text');
    const frame = readFrame(String(data));
    if ('fault' in frame) return this.#refuse(frame.fault);
    if (this.#client === null) this.#begin(frame);
    else this.#take(frame, this.#client);
  }

  #begin(frame: BotFrame): void {
    if (frame.type !== 'hello') return this.#refuse('the first frame must be hello');
    const admitted = this.welcome.admit(frame, this.#wire);
    if (typeof admitted === 'string') return this.#refuse(admitted);
    this.#client = admitted;
    this.#timer.cancel();
    // A random start, so that clients that connected together are not pinged together.
    this.#beatLater(HEARTBEAT_MS * Math.random());
  }

  #take(frame: BotFrame, client: Client): void {
    this.#missed = 0;
    switch (frame.type) {
      case 'ack':
        if (!client.underWay.ack(frame.id)) this.#countIdle();
        return;
      case 'nack':
        if (!client.underWay.nack(frame.id, frame.retryAfterMs)) this.#countIdle();
        return;
      case 'ping':
        this.#wire.tell({ type: 'pong', at: frame.at });
        return this.#countIdle();
      case 'pong':
        return this.#countIdle();
      case 'hello':
        return this.#refuse('hello must come once');
    }
  }

  /** Refuses a client that sends too many frames: reading them would take time from other clients. */
  #countIdle(): void {
    if (++this.#idleFrames > IDLE_FRAMES_MAX)
      this.#refuse(`more than ${IDLE_FRAMES_MAX} frames acknowledged nothing`);
  }

  #beatLater(afterMs = HEARTBEAT_MS): void {
    this.#timer = this.clock.after(afterMs, () => {
      this.#idleFrames = 0;
      if (this.#missed > MISSED_MAX) return this.end('silent');
      this.#missed++;
      this.#wire.tell({ type: 'ping', at: this.clock.nowMs() });
      this.#beatLater();
    });
  }

  /** @param why `silent` when the next try may go well: a slow network may have delayed the `hello`. */
  #refuse(detail: string, why: 'invalid' | 'silent' = 'invalid'): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    this.#wire.close(why, detail);
  }

  #closed(code: number): void {
    this.#timer.cancel();
    this.holding.end();
    const isTooLong = code === TOO_LONG && this.#ended === null;
    const why = this.#ended ?? 'lost';
    this.#client?.lost(isTooLong);
    this.onClose(why, this.#client);
  }
}
