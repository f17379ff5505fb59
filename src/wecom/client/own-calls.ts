/** The manager's own frequent calls of WeCom's API. Connections are reused, and an answer may have some MB. */
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Dispatcher as Undici } from 'undici';
import { forwardProxyFor } from '../../config/forward-proxy.js';
import {
  type ConnectionPool,
  ConnectionPools,
  type PoolLimits,
} from '../../http/outgoing/connection-pools.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { Places } from '../../kernel/places.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { Secret } from '../../kernel/secret.js';
import { type TraceContext, toTraceHeaders } from '../../kernel/trace-context.js';
import { endWith, toServerAttributes, Tracing } from '../../kernel/tracing.js';
import { OutgoingSockets } from '../../metrics/outgoing-sockets.js';
import { wecomConfig } from './wecom.config.js';

/** Per corp. WeCom answers 45033 to too many parallel calls; its support has named five. One of five is left for other callers. */
const LIMITS: PoolLimits = { sockets: 4, exchanges: 64, keepAliveMs: 4_000, connectMs: 4_500 };
const LIMIT_MS = 5_000;
const LATE = `no complete answer within ${LIMIT_MS / 1_000} s`;
/** A page has 1,000 messages of some kB at most. */
const ANSWER_BYTES_MAX = 16 * 1_024 * 1_024;

/**
 * Whether the call spends a code. Such calls go first, since WeCom takes most codes for 20 s
 * (developer.work.weixin.qq.com/document/path/95122).
 */
export function spendsCode(api: string): boolean {
  return api.toLowerCase() === 'kf/send_msg_on_event';
}

/** What to call, and for which corp. */
interface OwnCall {
  readonly corpId: string;
  /** Its path under /cgi-bin/. */
  readonly api: string;
  readonly accessToken: Secret;
  /** The JSON of a POST; `null` for a GET. */
  readonly body: object | null;
  /** More parameters of the query. */
  readonly query: Readonly<Record<string, string>>;
  readonly trace: TraceContext | null;
}

/** The call was sent, and no answer of WeCom came: it may have been carried out. */
export class AnswerLost extends AppError {
  constructor(detail: string, cause?: unknown) {
    super('WECOM_UNREACHABLE', { detail, cause });
  }
}

/** WeCom has the request, but its answer is too long, too slow or broken off. A shorter answer may come through. */
export class UnfinishedAnswer extends AnswerLost {}

@Injectable()
export class OwnCalls implements OnApplicationShutdown {
  readonly #pools: ConnectionPools;
  /** By corp. */
  readonly #places = new Places();
  readonly #origin: string;
  readonly #basePath: string;

  constructor(
    @Inject(wecomConfig.KEY) config: ConfigType<typeof wecomConfig>,
    private readonly clock: Clock,
    @Inject(LOG) log: Log,
    sockets: OutgoingSockets,
    private readonly tracing: Tracing,
  ) {
    const { wecomApiUrl } = config;
    this.#pools = new ConnectionPools(LIMITS, clock, log, undefined, forwardProxyFor(config, wecomApiUrl));
    sockets.watch('wecom', this.#pools);
    this.#origin = wecomApiUrl.origin;
    this.#basePath = `${wecomApiUrl.pathname.replace(/\/+$/, '')}/cgi-bin/`;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#pools.close();
  }

  /** @returns the body of the answer, within 5 s. @throws AppError `WECOM_UNREACHABLE`; as `AnswerLost` when the call was sent. */
  call({ corpId, api, accessToken, body, query, trace }: OwnCall): Promise<string> {
    const pool = this.#pools.of(this.#origin, corpId);
    const isUrgent = spendsCode(api);
    if (pool.isFull && !isUrgent)
      throw new AppError('WECOM_UNREACHABLE', { detail: 'too many calls are under way' });
    const method = body === null ? 'GET' : 'POST';
    const span = this.tracing.start('client', 'call', trace);
    span?.set({
      ...toServerAttributes(this.#origin),
      'http.request.method': method,
      'wxkf.api': api,
      'wxkf.corp_id': corpId,
    });
    const parameters = new URLSearchParams({ access_token: accessToken.reveal(), ...query });
    const type = body === null ? [] : ['content-type', 'application/json'];
    const request: Undici.DispatchOptions = {
      method,
      path: `${this.#basePath}${api}?${parameters}`,
      headers: [...type, ...toTraceHeaders(span?.context ?? trace)],
      body: body === null ? null : JSON.stringify(body),
    };
    return endWith(span, this.#exchange(pool, request, corpId, isUrgent), () => ({}));
  }

  async #exchange(
    pool: ConnectionPool,
    request: Undici.DispatchOptions,
    corpId: string,
    isUrgent: boolean,
  ): Promise<string> {
    const late = new AbortController();
    const { signal } = late;
    const deadline = this.clock.after(LIMIT_MS, () =>
      late.abort(new AppError('WECOM_UNREACHABLE', { detail: LATE })),
    );
    pool.begin();
    try {
      const leave = await this.#places.take(corpId, LIMITS.sockets, { isUrgent, signal });
      try {
        const answer = new CollectedAnswer(signal);
        pool.send(request, answer);
        return await answer.text;
      } finally {
        leave();
      }
    } finally {
      deadline.cancel();
      pool.end();
    }
  }
}

/** Collects the whole answer to a request, up to a size. */
class CollectedAnswer implements Undici.DispatchHandler {
  /** @throws AppError `WECOM_UNREACHABLE` */
  readonly text: Promise<string>;
  readonly #done = Promise.withResolvers<string>();
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #controller: Undici.DispatchController | null = null;
  #reason: string | null = null;
  #isLate = false;

  /** @param late ends the call. */
  constructor(late: AbortSignal) {
    this.text = this.#done.promise;
    late.addEventListener('abort', () => {
      this.#isLate = true;
      this.#giveUp(LATE);
    });
  }

  onRequestStart(controller: Undici.DispatchController): void {
    this.#controller = controller;
    if (this.#reason !== null) throw new Error(this.#reason);
  }

  onResponseStart(_controller: Undici.DispatchController, status: number): void {
    if (status >= 200) this.#status = status;
  }

  onResponseData(_controller: Undici.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > ANSWER_BYTES_MAX) this.#giveUp('the answer is too long');
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#status === 200) this.#done.resolve(Buffer.concat(this.#chunks).toString('utf8'));
    else this.#fail(`it answered with HTTP status ${this.#status}`);
  }

  onResponseError(_controller: Undici.DispatchController, error: Error & { code?: string }): void {
    this.#fail(this.#reason ?? `the connection failed (${error.code ?? 'unknown'})`);
  }

  #giveUp(reason: string): void {
    this.#reason ??= reason;
    this.#fail(reason);
    this.#controller?.abort(new Error(reason));
  }

  #fail(detail: string): void {
    this.#done.reject(this.#toError(detail));
  }

  #toError(detail: string): AppError {
    if (this.#controller === null) return new AppError('WECOM_UNREACHABLE', { detail });
    return this.#status === 200 || this.#isLate ? new UnfinishedAnswer(detail) : new AnswerLost(detail);
  }
}
