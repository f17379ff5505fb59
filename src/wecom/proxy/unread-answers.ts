import type { Socket } from 'node:net';
import type { Clock } from '../../kernel/clock.js';

/** A caller that resets its connection so soon after an answer has not read it. */
const UNREAD_MS = 1_000;

/** The latest answer on a connection. */
interface LastAnswer {
  readonly atMs: number;
  /** What had come on the connection until then. Whatever comes later tells that the answer was read. */
  readonly bytesRead: number;
  readonly wasUnread: () => void;
}

/**
 * Tells of answers that their callers cannot have read: the connection was reset within a second, and nothing more had come
 * on it. TCP resets a connection that is closed while something on it is unread.
 */
export class UnreadAnswers {
  readonly #last = new WeakMap<Socket, LastAnswer>();

  constructor(private readonly clock: Clock) {}

  /** Call it when all of the answer was handed to the connection. */
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
