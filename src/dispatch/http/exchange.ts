import type { Dispatcher as Undici } from 'undici';
import type { ConnectionPool } from '../../http/outgoing/connection-pools.js';
import type { Clock, Timer } from '../../kernel/clock.js';
import type { FailureStage } from '../../queue/failure.js';
import { type Attempt, type AttemptResult, HALVES_MS, type OnEnd } from '../endpoint/attempt.js';

const ANSWER_BYTES_MAX = 16_384;
/** How many 1xx answers may precede the final one. A puppet needs none, and a flood of them would block the event loop. */
const INTERIM_ANSWERS_MAX = 8;
/** A puppet's reason is cut to this length, for a log line. */
const REASON_LENGTH_MAX = 200;

/** undici's and Node's codes for a kept connection that its other side had just closed. */
const CLOSED_BY_PEER = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
/** Nobody sees this error: the result was given when the exchange was given up. */
const GIVEN_UP = new Error('given up');

/**
 * The exchange of one delivery: settles at the status line, and reads what follows only to free the connection. A kept
 * connection may be closed by the other side just when it is used; that is no failure of the puppet or bot, so the request
 * is sent once more if not a byte was answered.
 */
export class Exchange implements Attempt, Undici.DispatchHandler {
  readonly result: Promise<AttemptResult>;
  readonly #pool: ConnectionPool;
  readonly #request: Undici.DispatchOptions;
  #deadline: Timer;
  #settle!: (result: AttemptResult) => void;
  #isSettled = false;
  /** The abort of the latest request; `null` while the puppet can have seen nothing. */
  #controller: Undici.DispatchController | null = null;
  #isGivenUp = false;
  #isClosed = false;
  #canSendAgain = true;
  #answerBytes = 0;
  #interimAnswers = 0;

  /** @param hasPulled see `MessageBody.hasPulled`. */
  constructor(
    pool: ConnectionPool,
    request: Undici.DispatchOptions,
    private readonly clock: Clock,
    private readonly limitMs: number,
    private readonly onEnd: OnEnd,
    private readonly hasPulled: (() => Promise<boolean>) | null = null,
  ) {
    this.#pool = pool;
    this.#request = request;
    this.result = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#deadline = clock.after(limitMs, () => void this.#late());
    pool.begin();
  }

  /** Call it once, on a complete object: a pool may answer before this returns. @returns itself. */
  send(): this {
    this.#pool.send(this.#request, this);
    return this;
  }

  withdraw(): boolean {
    if (this.#controller !== null) return false;
    this.#giveUp('withdrawn', 'no free connection in time');
    return true;
  }

  /** Called with a connection in hand. To throw drops the request alone; an abort would close the connection too. */
  onRequestStart(controller: Undici.DispatchController): void {
    if (this.#isGivenUp) throw GIVEN_UP;
    this.#controller = controller;
  }

  /** The first byte of an answer, whatever becomes of it. */
  onResponseStarted(): void {
    this.#canSendAgain = false;
  }

  onResponseStart(controller: Undici.DispatchController, status: number): void {
    if (status < 200) {
      if (++this.#interimAnswers > INTERIM_ANSWERS_MAX)
        controller.abort(new Error('too many answers of 1xx'));
      return;
    }
    if (status < 300) this.#finish({ taken: true, status });
    else this.#finish({ taken: false, stage: 'status', reason: `the answer was ${status}`, status });
  }

  onResponseData(controller: Undici.DispatchController, chunk: Buffer): void {
    this.#answerBytes += chunk.length;
    if (this.#answerBytes > ANSWER_BYTES_MAX) controller.abort(new Error('the answer is longer than 16 kB'));
  }

  onResponseEnd(): void {
    this.#close();
  }

  onResponseError(_controller: Undici.DispatchController, error: Error & { code?: string }): void {
    const code = error.code ?? '';
    if (this.#canSendAgain && !this.#isGivenUp && this.#controller !== null && CLOSED_BY_PEER.has(code)) {
      this.#canSendAgain = false;
      this.#pool.send(this.#request, this);
      return;
    }
    const why = (code || error.message).slice(0, REASON_LENGTH_MAX);
    const failure =
      this.#controller === null
        ? ({ stage: 'connect', reason: `no connection (${why})` } as const)
        : ({ stage: 'reset', reason: `the connection broke (${why})` } as const);
    this.#finish({ taken: false, ...failure, ...(code !== '' && { code }) });
    this.#close();
  }

  /** A bot that has pulled its message is at work on it, and may take longer. */
  async #late(): Promise<void> {
    const { limitMs } = this;
    if (this.#controller === null) return this.#giveUp('connect', `no connection ${within(limitMs)}`);
    const mayGoOn = !this.#isSettled && (await this.hasPulled?.()) === true;
    if (this.#isClosed) return;
    if (!mayGoOn) return this.#giveUp('timeout', `no complete answer ${within(limitMs)}`);
    this.#deadline = this.clock.after(HALVES_MS - limitMs, () => {
      const reason = `it pulled its message, and gave no complete answer ${within(HALVES_MS)}`;
      this.#giveUp('timeout', reason, true);
    });
  }

  /** The request stays in undici's queue until its turn comes; it then ends without being sent. */
  #giveUp(stage: FailureStage, reason: string, hasPulled = false): void {
    this.#isGivenUp = true;
    this.#deadline.cancel();
    this.#finish({ taken: false, stage, reason, ...(hasPulled && { hasPulled }) });
    this.#controller?.abort(new Error(reason));
  }

  #finish(result: AttemptResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.onEnd(result);
    this.#settle(result);
  }

  #close(): void {
    this.#isClosed = true;
    this.#deadline.cancel();
    this.#pool.end();
  }
}

function within(ms: number): string {
  return `within ${ms / 1_000} s`;
}
