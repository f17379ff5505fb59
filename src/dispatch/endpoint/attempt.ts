import type { Dispatcher as Undici } from 'undici';
import type { ConnectionPool } from '../../http/outgoing/connection-pools.js';
import type { Clock, Timer } from '../../kernel/clock.js';
import type { FailureStage } from '../../storage/queue/line.js';

export type AttemptResult =
  | {
      readonly taken: true;
      readonly status: number;
      /** The service of an agent was not asked for this answer, so it says nothing of the service. */
      readonly isUnasked?: true;
    }
  | {
      readonly taken: false;
      readonly stage: FailureStage;
      readonly reason: string;
      /** The status of the answer, at the stage `status`. */
      readonly status?: number;
      /** Node's or undici's code of what went wrong with the connection, if it has one. */
      readonly code?: string;
      /** The bot had pulled the message, or a service had begun to answer: it was there, and did not finish its work. */
      readonly hasPulled?: true;
      /** How long to wait at least, if that is known. */
      readonly retryAfterMs?: number;
      /**
       * The account alone may be the reason. With the stage `timeout`: the bot's client was connected all the time, and did not
       * acknowledge this.
       */
      readonly isOfAccount?: boolean;
    };

/** What a reverse proxy answers when nobody is behind it (RFC 9110, 15.6): as good as no connection. */
const NOBODY_BEHIND = new Set([502, 503, 504]);

/**
 * Whether the result counts against the event or message itself: the bot was there, and refused it or did not finish
 * it in time. A refused key, a used-up quota and a busy service are no message's.
 */
export function isRefusal(result: AttemptResult): boolean {
  if (result.taken) return false;
  if (result.hasPulled === true || result.stage === 'too_long') return true;
  return result.stage === 'status' && !NOBODY_BEHIND.has(result.status ?? 0);
}

/** Whether the account alone may be the reason. */
export function mayBeOfAccount(result: AttemptResult): boolean {
  return !result.taken && (result.stage === 'status' || result.isOfAccount === true);
}

export interface Attempt {
  /** Never rejects. Settles within the limit of its form. */
  readonly result: Promise<AttemptResult>;
  /** Gives up if the puppet can have seen nothing yet. @returns false when it is too late for that. */
  withdraw(): boolean;
}

/** Called with the result, before anybody who awaits it continues. */
export type OnEnd = (result: AttemptResult) => void;

/** How long a puppet's answer may take, headers and body together. */
export const ATTEMPT_LIMIT_MS = 5_000;
/** How long a callback bot has for both halves of a message, the answer and the pull, from the beginning of the attempt. */
export const HALVES_MS = 60_000;
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

  static failed(stage: FailureStage, reason: string, onEnd: OnEnd): Attempt {
    const result: AttemptResult = { taken: false, stage, reason };
    onEnd(result);
    return { result: Promise.resolve(result), withdraw: () => true };
  }

  /** @param hasPulled see `DeliveryForm.hasPulled`. */
  constructor(
    pool: ConnectionPool,
    request: Undici.DispatchOptions,
    private readonly clock: Clock,
    private readonly limitMs: number,
    private readonly onEnd: OnEnd,
    private readonly hasPulled?: () => Promise<boolean>,
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
