import { Inject, Injectable } from '@nestjs/common';
import type { Dispatcher as Undici } from 'undici';
import { REPLICA_KEY_HEADER } from '../../http/access/replica-key.js';
import {
  type ConnectionPool,
  ConnectionPools,
  type PoolLimits,
} from '../../http/outgoing/connection-pools.js';
import { Clock, type Timer } from '../../kernel/clock.js';
import { errorCodeOf } from '../../kernel/error-code.js';
import { LOG, type Log } from '../../kernel/log.js';
import { OutgoingSockets } from '../../metrics/outgoing-sockets.js';
import type { StreamReplica } from './stream-directory.js';

/** Generous, since events of many accounts are passed at once. */
const LIMITS: PoolLimits = { sockets: 256, exchanges: 4_096, keepAliveMs: 30_000, connectMs: 1_000 };
const ANSWER_BYTES_MAX = 4_194_304;
const OK = 200;

/** A call of another replica failed. `stage` `connect` means that the other replica has not seen the call. */
export class ReplicaError extends Error {
  override readonly name = 'ReplicaError';

  constructor(
    readonly stage: 'connect' | 'reset' | 'timeout' | 'status',
    message: string,
  ) {
    super(message);
  }
}

/** Calls other replicas. */
@Injectable()
export class ReplicaClient {
  readonly #pools: ConnectionPools;

  constructor(
    private readonly clock: Clock,
    @Inject(LOG) log: Log,
    sockets: OutgoingSockets,
  ) {
    this.#pools = new ConnectionPools(LIMITS, clock, log);
    sockets.watch('replica', this.#pools);
  }

  /**
   * @param moreMs is asked once, after `limitMs`, how much longer to wait for the answer. Never rejects.
   * @returns the parsed JSON of the answer.
   * @throws ReplicaError after `limitMs` and the time of `moreMs` at the latest.
   */
  call(
    replica: StreamReplica,
    path: string,
    body: object,
    limitMs: number,
    moreMs: () => Promise<number> = async () => 0,
  ): Promise<unknown> {
    const pool = this.#pools.of(replica.url);
    if (pool.isFull)
      return Promise.reject(new ReplicaError('connect', 'too many calls to the other replica are under way'));
    const request: Undici.DispatchOptions = {
      method: 'POST',
      path,
      headers: ['content-type', 'application/json', REPLICA_KEY_HEADER, replica.key.reveal()],
      body: JSON.stringify(body),
    };
    return new Call(pool, request, this.clock, limitMs, moreMs).answer;
  }

  async close(): Promise<void> {
    await this.#pools.close();
  }
}

/** One call, within its limits. */
class Call implements Undici.DispatchHandler {
  readonly answer: Promise<unknown>;
  #deadline: Timer;
  readonly #chunks: Buffer[] = [];
  #controller: Undici.DispatchController | null = null;
  #isLate = false;
  #isOver = false;
  #bytes = 0;
  #status = 0;
  #resolve!: (answer: unknown) => void;
  #reject!: (error: ReplicaError) => void;

  constructor(
    private readonly pool: ConnectionPool,
    request: Undici.DispatchOptions,
    private readonly clock: Clock,
    private readonly limitMs: number,
    private readonly moreMs: () => Promise<number>,
  ) {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#deadline = clock.after(limitMs, () => void this.#late());
    pool.begin();
    pool.send(request, this);
  }

  async #late(): Promise<void> {
    const moreMs = this.#controller === null ? 0 : await this.moreMs();
    if (this.#isOver) return;
    if (moreMs === 0) this.#giveUp(this.limitMs);
    else this.#deadline = this.clock.after(moreMs, () => this.#giveUp(this.limitMs + moreMs));
  }

  #giveUp(ms: number): void {
    const stage = this.#controller === null ? 'connect' : 'timeout';
    this.#reject(new ReplicaError(stage, `no answer within ${ms / 1_000} s`));
    this.#isLate = true;
    this.#controller?.abort(new Error('late'));
  }

  onRequestStart(controller: Undici.DispatchController): void {
    // An exception here drops only the request, not the connection.
    if (this.#isLate) throw new Error('late');
    this.#controller = controller;
  }

  onResponseStart(_controller: Undici.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(controller: Undici.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > ANSWER_BYTES_MAX) controller.abort(new Error('its answer is too long'));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#close();
    if (this.#status !== OK) {
      this.#reject(new ReplicaError('status', `the other replica answered ${this.#status}`));
      return;
    }
    try {
      this.#resolve(JSON.parse(Buffer.concat(this.#chunks).toString()));
    } catch {
      this.#reject(new ReplicaError('status', 'the answer of the other replica is not JSON'));
    }
  }

  onResponseError(_controller: Undici.DispatchController, error: Error): void {
    this.#close();
    const stage = this.#controller === null ? 'connect' : 'reset';
    this.#reject(
      new ReplicaError(stage, `the other replica cannot be reached (${errorCodeOf(error) || error.message})`),
    );
  }

  #close(): void {
    this.#isOver = true;
    this.#deadline.cancel();
    this.pool.end();
  }
}
