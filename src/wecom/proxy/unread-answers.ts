import type { Socket } from 'node:net';
import type { Clock } from '../../kernel/clock.js';

/** A caller that resets its connection within this time after an answer has not read the answer. */
const UNREAD_MS = 1_000;

/** The latest answer on a connection. */
interface LastAnswer {
  readonly atMs: number;
  /** Bytes received before the answer. More bytes after it show that the caller has read the answer. */
  readonly bytesRead: number;
  readonly wasUnread: () => void;
}

/**
 * Finds answers that their callers cannot have read. The sign: the connection was reset within a second, and the caller sent
 * nothing more on it. TCP resets a connection that is closed while received bytes are unread.
 */
export class UnreadAnswers {
  readonly #last = new WeakMap<Socket, LastAnswer>();

  constructor(private readonly clock: Clock) {}

  /** Call it when the whole answer was handed to the connection. */
  watch(socket: Socket, wasUnread: () => void): void {
    const isWatched = this.#last.has(socket);
    this.#last.set(socket, { atMs: this.clock.elapsedMs(), bytesRead: socket.bytesRead, wasUnread });
    if (!isWatched) socket.once('close', (hadError: boolean) => this.#closed(socket, hadError));
  }

  #closed(socket: Socket, hadError: boolean): void {
    const last = this.#last.get(socket);
    if (last === undefined || !hadError || socket.bytesRead !== last.bytesRead) return;
    if (this.clock.elapsedMs() - last.atMs <= UNREAD_MS) last.wasUnread();
  }
}
