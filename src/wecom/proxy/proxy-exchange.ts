/**
 * One call of WeCom. It passes the answer through as it comes, within the limits of time and size. It sends once. When it holds
 * an answer back, its caller decides whether to pass the answer on or to repeat the call.
 */
import type { Dispatcher as Undici } from 'undici';
import type { ConnectionPool } from '../../http/outgoing/connection-pools.js';
import {
  PROXY_AUTHENTICATION_REQUIRED,
  ProxyRefusal,
  proxyFaultOf,
} from '../../http/outgoing/forward-proxy.js';
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import { AnswerLost } from '../client/own-calls.js';
import { isTokenError, unlistedAddressOf } from '../client/wecom-answer.js';
import { AnswerProbe } from './answer-probe.js';
import type { AnswerHead, CallerAnswer } from './caller-answer.js';
import { CallerGone } from './proxy-body.js';
import { toCallerHeaders } from './proxy-headers.js';
import { Silence, type SilenceLimits } from './silence.js';

/** `pauseMs` also limits the wait for the head of the answer, from the last byte that was sent. */
const SILENCE_LIMITS: SilenceLimits = { pauseMs: 30_000, totalMs: 600_000 };
/** WeCom's largest files, those of upload_by_url, have 200 MB (developer.work.weixin.qq.com/document/path/96219). */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;
const INTERIM_ANSWERS_MAX = 8;

/** What WeCom's answer says of how the call went. */
interface Told {
  /** `null` where it does not say. */
  readonly errcode: number | null;
  /** The address that WeCom does not list, with 60020. */
  readonly unlistedAddress: string | undefined;
}

/** How a call ended. */
export type ExchangeEnd = Told &
  /** The whole answer was written to the caller. */
  (
    | { readonly kind: 'passed'; readonly status: number }
    /** WeCom refused the access token, and nothing was written to the caller yet. */
    | { readonly kind: 'held'; passOn(): ExchangeEnd }
  );

export interface ExchangeOptions {
  /** Whether to hold back an answer that refuses the access token. */
  readonly holdsTokenError: boolean;
  /** Is told the errcode of a short answer before it is passed on. */
  readonly whenRead: ((errcode: number | null) => void) | null;
}

/** WeCom's answer broke off after a part of it was written to the caller. The caller's connection was cut. */
export class AnswerBroken extends Error {
  override readonly name = 'AnswerBroken';
}

export class ProxyExchange implements Undici.DispatchHandler {
  readonly #probe: AnswerProbe;
  readonly #silence: Silence;
  readonly #resolve: (end: ExchangeEnd) => void;
  readonly #reject: (error: Error) => void;
  #controller: Undici.DispatchController | null = null;
  /** Why the call was given up; `null` when it was not. */
  #reason: Error | null = null;
  #head: AnswerHead | null = null;
  #bytes = 0;
  #interimAnswers = 0;
  #isEnded = false;

  /**
   * @returns how it ended. Rejects with AppError `WECOM_UNREACHABLE` (as `AnswerLost` when the call was sent), `REQUEST_TIMEOUT` or
   *   `REQUEST_BODY_TOO_LARGE` while the caller can still be answered, else with CallerGone or AnswerBroken.
   */
  static run(
    pool: ConnectionPool,
    request: Undici.DispatchOptions,
    answer: CallerAnswer,
    clock: Clock,
    options: ExchangeOptions,
  ): Promise<ExchangeEnd> {
    if (answer.isGone) return Promise.reject(new CallerGone(false));
    return new Promise((resolve, reject) => {
      pool.send(request, new ProxyExchange(pool, answer, clock, options, resolve, reject));
    });
  }

  private constructor(
    private readonly pool: ConnectionPool,
    private readonly answer: CallerAnswer,
    clock: Clock,
    private readonly options: ExchangeOptions,
    resolve: (end: ExchangeEnd) => void,
    reject: (error: Error) => void,
  ) {
    this.#probe = new AnswerProbe(options.holdsTokenError || options.whenRead !== null);
    this.#resolve = resolve;
    this.#reject = reject;
    this.#silence = new Silence(clock, SILENCE_LIMITS, () =>
      this.#giveUp(new Error('no byte within 30 s, or not done within 10 min')),
    );
    pool.begin();
    answer.whenOver(() => {
      if (!this.#isEnded) this.#giveUp(new CallerGone(this.#controller !== null));
    });
  }

  onRequestStart(controller: Undici.DispatchController): void {
    // An exception here drops only the request. An abort would also close the connection.
    if (this.#reason !== null) throw this.#reason;
    this.#controller = controller;
  }

  onBodySent(): void {
    this.#silence.broken();
  }

  onResponseStart(
    controller: Undici.DispatchController,
    status: number,
    _headers: unknown,
    statusText = '',
  ): void {
    this.#silence.broken();
    if (status < 200) {
      if (++this.#interimAnswers > INTERIM_ANSWERS_MAX) this.#giveUp(new Error('too many answers of 1xx'));
      return;
    }
    if (status === PROXY_AUTHENTICATION_REQUIRED && this.pool.proxy !== null) {
      this.#giveUp(new ProxyRefusal(status));
      return;
    }
    const headers = toCallerHeaders((controller.rawHeaders ?? []) as Buffer[]);
    this.#head = { status, statusText, headers };
    if (this.#probe.begin(this.#head)) return;
    this.answer.begin(this.#head);
    this.answer.flushHead();
  }

  onResponseData(controller: Undici.DispatchController, chunk: Buffer): void {
    this.#silence.broken();
    this.#bytes += chunk.length;
    if (this.#bytes > ANSWER_BYTES_MAX) this.#giveUp(new Error('the answer is longer than 256 MiB'));
    else if (!this.#probe.add(chunk)) this.#passOn(controller, [...this.#probe.release(), chunk]);
  }

  onResponseEnd(): void {
    this.#close();
    const head = this.#head;
    if (head === null) {
      this.#fail(new Error('the answer had no head'));
      return;
    }
    const read = this.#probe.answer();
    const errcode = read?.errcode ?? null;
    const told: Told = { errcode, unlistedAddress: read === null ? undefined : unlistedAddressOf(read) };
    const passOn = (): ExchangeEnd => {
      this.options.whenRead?.(errcode);
      if (this.answer.hasBegun) this.answer.end();
      else this.answer.whole(head, Buffer.concat(this.#probe.release()));
      return { kind: 'passed', status: head.status, ...told };
    };
    const isHeld = this.options.holdsTokenError && isTokenError(errcode) && !this.answer.hasBegun;
    this.#resolve(isHeld ? { kind: 'held', ...told, passOn } : passOn());
  }

  onResponseError(_controller: Undici.DispatchController, error: Error & { code?: string }): void {
    this.#close();
    this.#fail(this.#reason ?? error);
  }

  /** Writes chunks to the caller, at the caller's pace. */
  #passOn(controller: Undici.DispatchController, chunks: readonly Buffer[]): void {
    if (this.#head !== null && !this.answer.hasBegun) this.answer.begin(this.#head);
    let isKeepingUp = true;
    for (const chunk of chunks) isKeepingUp = this.answer.write(chunk);
    if (isKeepingUp) return;
    controller.pause();
    this.answer.whenWritable(() => {
      this.#silence.broken();
      controller.resume();
    });
  }

  /** Ends the call and its connection. A call that still waits for a connection is dropped when it gets one. */
  #giveUp(reason: Error): void {
    if (this.#reason !== null || this.#isEnded) return;
    this.#reason = reason;
    if (this.#controller === null) this.#fail(reason);
    else this.#controller.abort(reason);
  }

  #fail(error: Error): void {
    this.#reject(this.#toFailure(error));
    if (this.answer.hasBegun) this.answer.cut();
  }

  #toFailure(error: Error & { code?: string }): Error {
    if (error instanceof CallerGone) return error;
    const why = error.code ?? error.message;
    if (this.answer.hasBegun) {
      return new AnswerBroken(`WeCom's answer broke off (${why})`, { cause: error });
    }
    if (error instanceof AppError) return error;
    const detail =
      proxyFaultOf(this.pool.proxy, error) ??
      (this.#controller === null
        ? `no connection (${why})`
        : `no answer (${why}); the call may have been carried out`);
    const isSent = this.#controller !== null && !(error instanceof ProxyRefusal);
    return isSent
      ? new AnswerLost(detail, error)
      : new AppError('WECOM_UNREACHABLE', { detail, cause: error });
  }

  #close(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#silence.stop();
    this.pool.end();
  }
}
