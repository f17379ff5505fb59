import type { Dispatcher as Undici } from 'undici';
import type { ConnectionPool } from '../../http/connection-pools.js';
import type { Clock, Timer } from '../../kernel/clock.js';

export interface SmallAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Far more than any answer to gettoken has. */
const ANSWER_BYTES_MAX = 65_536;

/** One request whose answer fits into memory. The deadline is that of all of it, waiting for a socket included. */
export class SmallExchange implements Undici.DispatchHandler {
  readonly #pool: ConnectionPool;
  readonly #deadline: Timer;
  readonly #chunks: Buffer[] = [];
  readonly #resolve: (answer: SmallAnswer) => void;
  readonly #reject: (error: Error) => void;
  #controller: Undici.DispatchController | null = null;
  #failure: Error | null = null;
  #status = 0;
  #bytes = 0;

  /** Rejects with an Error whose message says what went wrong, and repeats nothing of the request. */
  static run(
    pool: ConnectionPool,
    request: Undici.DispatchOptions,
    limitMs: number,
    clock: Clock,
  ): Promise<SmallAnswer> {
    if (pool.isFull) return Promise.reject(new Error('too many requests are under way'));
    return new Promise((resolve, reject) => {
      pool.send(request, new SmallExchange(pool, limitMs, clock, resolve, reject));
    });
  }

  private constructor(
    pool: ConnectionPool,
    limitMs: number,
    clock: Clock,
    resolve: (answer: SmallAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.#pool = pool;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#deadline = clock.after(limitMs, () => this.#fail(new Error('no complete answer in time')));
    pool.begin();
  }

  onRequestStart(controller: Undici.DispatchController): void {
    // To throw drops the request alone; an abort would close the connection too.
    if (this.#failure !== null) throw this.#failure;
    this.#controller = controller;
  }

  onResponseStart(_controller: Undici.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Undici.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > ANSWER_BYTES_MAX) this.#fail(new Error('the answer is too long'));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#close();
    this.#resolve({ status: this.#status, body: Buffer.concat(this.#chunks) });
  }

  onResponseError(_controller: Undici.DispatchController, error: Error & { code?: string }): void {
    this.#close();
    this.#reject(this.#failure ?? new Error(`the connection failed (${error.code ?? error.name})`));
  }

  /** The caller is told at once; a request that waits for a socket is dropped when its turn comes. */
  #fail(failure: Error): void {
    this.#failure = failure;
    this.#reject(failure);
    this.#controller?.abort(failure);
  }

  #close(): void {
    this.#deadline.cancel();
    this.#pool.end();
  }
}
