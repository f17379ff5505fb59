import type { WebSocket } from 'ws';
import { BYTES_FREE, type BudgetShare } from '../../http/limits/body-budget.js';
import type { Clock } from '../../kernel/clock.js';
import { type EventFrame, FRAME_BYTES_MAX, type ManagerFrame } from '../protocol/frames.js';
import type { ClientEnd, Wire } from './client.js';

/** How much may wait for a client that does not read: the longest frame and many short ones. System buffers hold some more. */
const UNREAD_BYTES_MAX = FRAME_BYTES_MAX + 1_048_576;
/** How long the client may take to close the connection. */
const CLOSE_LIMIT_MS = 2_000;

/** Close codes: from 1000 WebSocket's own (RFC 6455, 7.4.1), from 4000 codes for applications. */
const CLOSE_CODES: Readonly<Record<ClientEnd, number>> = {
  drain: 1001,
  invalid: 1008,
  auth: 4003,
  replaced: 4001,
  slow: 4008,
  silent: 4009,
  lost: 1000,
};

/** Sends frames as texts of a WebSocket. */
export class SocketWire implements Wire {
  #isSlow = false;

  constructor(
    private readonly socket: WebSocket,
    private readonly holding: BudgetShare,
    private readonly clock: Clock,
    /** Called once, when the client does not read. */
    private readonly onSlow: () => void,
  ) {}

  /** A long frame is refused while too much waits. Short frames, of other accounts, are still sent. */
  offer(frame: EventFrame): number {
    const text = JSON.stringify(frame);
    const bytes = Buffer.byteLength(text);
    const isLong = bytes > BYTES_FREE;
    const waiting = this.socket.bufferedAmount + bytes;
    if (isLong && (waiting > UNREAD_BYTES_MAX || this.holding.isSpent(bytes))) return 0;
    this.#send(text, bytes);
    return bytes;
  }

  tell(frame: ManagerFrame): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const text = JSON.stringify(frame);
    this.#send(text, Buffer.byteLength(text));
  }

  #send(text: string, bytes: number): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.holding.hold(bytes);
    this.socket.send(text, () => this.holding.free(bytes));
    if (this.#isSlow || this.socket.bufferedAmount <= UNREAD_BYTES_MAX) return;
    this.#isSlow = true;
    // Deferred, so that the sender has noted the frame as sent first: the client may have it.
    queueMicrotask(this.onSlow);
  }

  /** @param detail what was wrong with a frame, or that none came; it becomes the reason of the close frame. */
  close(why: ClientEnd, detail = ''): void {
    // A client that answers no ping would not answer a close frame either.
    if (why === 'silent' && detail === '') return this.socket.terminate();
    this.socket.close(CLOSE_CODES[why], (detail || why).slice(0, 120));
    this.clock.after(CLOSE_LIMIT_MS, () => this.socket.terminate());
  }
}
