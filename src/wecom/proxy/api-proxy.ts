/**
 * Calls WeCom's API in a caller's place, from the one address that WeCom admits. Bytes go through as they come;
 * only /cgi-bin/ is reached, WeCom's limits are kept, and what was sent is never sent again, but for a call
 * whose access token was ours and no good.
 */
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher as Undici } from 'undici';
import { forwardProxyFor } from '../../config/forward-proxy.js';
import { ConnectionPools, type PoolLimits } from '../../http/connection-pools.js';
import { UnitOfWork } from '../../http/request-log.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import {
  endWith,
  type Span,
  type SpanAttributes,
  Tracing,
  toServerAttributes,
} from '../../kernel/tracing.js';
import { OutgoingSockets } from '../../metrics/outgoing-sockets.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { TokenAnswers } from '../tokens/token-answers.js';
import { wecomConfig } from '../wecom.config.js';
import { ERRCODE, isTokenError, parseObject, tooFrequent, type WecomAnswer } from '../wecom-answer.js';
import { type CallResult, WecomMetrics } from '../wecom-metrics.js';
import { CallCredentials, type Credential } from './call-credentials.js';
import { CallLimits } from './call-limits.js';
import { CallLog } from './call-log.js';
import { CallerAnswer } from './caller-answer.js';
import { CallerGone, type ProxyBody, readBody } from './proxy-body.js';
import { AnswerBroken, type ExchangeEnd, ProxyExchange } from './proxy-exchange.js';
import { toWecomHeaders } from './proxy-headers.js';
import { type ProxyTarget, parseTarget } from './proxy-target.js';

/** Of each corp: calls under way, and those that wait for a connection. */
const LIMITS: PoolLimits = { sockets: 64, exchanges: 512, keepAliveMs: 4_000, connectMs: 5_000 };
const SYNC = 'kf/sync_msg';

@Injectable()
export class ApiProxy implements OnApplicationShutdown {
  readonly #pools: ConnectionPools;
  readonly #origin: string;
  readonly #basePath: string;
  readonly #bodyBytesMax: number;

  constructor(
    @Inject(wecomConfig.KEY) config: ConfigType<typeof wecomConfig>,
    private readonly credentials: CallCredentials,
    private readonly tokens: AccessTokens,
    private readonly tokenAnswers: TokenAnswers,
    private readonly limits: CallLimits,
    private readonly metrics: WecomMetrics,
    sockets: OutgoingSockets,
    private readonly clock: Clock,
    @Inject(LOG) log: Log,
    private readonly tracing: Tracing,
  ) {
    const { wecomApiUrl, proxyBodyBytesMax } = config;
    this.#pools = new ConnectionPools(LIMITS, clock, log, undefined, forwardProxyFor(config, wecomApiUrl));
    sockets.watch('wecom', this.#pools);
    this.#origin = wecomApiUrl.origin;
    this.#basePath = `${wecomApiUrl.pathname.replace(/\/+$/, '')}/cgi-bin/`;
    this.#bodyBytesMax = proxyBodyBytesMax;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#pools.close();
  }

  /** Answers the request, or throws what the caller is to be told. */
  async forward(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const log = new CallLog(request.method);
    const unit = new UnitOfWork('proxy.answered', log);
    request.unit = unit;
    const startedMs = this.clock.elapsedMs();
    try {
      const target = parseTarget(request.raw.url ?? '');
      log.api = target.api;
      // Proxied as it is, every caller would ask WeCom for a token.
      if (target.api.toLowerCase() === 'gettoken') await this.tokenAnswers.answer(request, reply);
      else await this.#call(target, request, reply, log);
    } catch (error) {
      log.result = resultOf(error);
      if (!isOver(error)) throw error;
      reply.hijack();
    } finally {
      const { api, corpId, result, errcode } = log;
      if (result !== undefined) this.metrics.callEnded(result, (this.clock.elapsedMs() - startedMs) / 1_000);
      request.span?.set({
        'wxkf.api': api,
        'wxkf.corp_id': corpId,
        'wxkf.result': result,
        'wxkf.errcode': errcode,
      });
      unit.end();
    }
  }

  async #call(
    target: ProxyTarget,
    request: FastifyRequest,
    reply: FastifyReply,
    log: CallLog,
  ): Promise<void> {
    const credential = await this.credentials.find(target, request);
    log.corpId = credential.corpId ?? undefined;
    log.token = credential.kind;
    if ('refused' in credential) {
      const { refusal, retryAfterS } = credential.refused;
      log.result = 'refused';
      this.metrics.answeredHere('call', refusal.errcode);
      answerWith(reply, log, refusal, refusal.errcode === ERRCODE.tooFrequent ? retryAfterS : null);
      return;
    }
    const body = await readBody(request, this.#bodyBytesMax);
    try {
      const counted = {
        corpId: credential.corpId,
        api: target.api,
        isTokenlessSync: target.api.toLowerCase() === SYNC && !hasSyncToken(body),
      };
      const waitS = await this.limits.take(counted);
      if (waitS !== null) {
        log.result = 'limited';
        this.metrics.answeredHere('call', ERRCODE.tooFrequent);
        answerWith(reply, log, tooFrequent(`more calls of ${target.api} than WeCom allows`), waitS);
        return;
      }
      await this.#exchange(target, credential, body, request, new CallerAnswer(reply), log);
    } finally {
      if ('stream' in body) body.stream.destroy();
    }
  }

  async #exchange(
    { api }: ProxyTarget,
    credential: Credential,
    body: ProxyBody,
    request: FastifyRequest,
    answer: CallerAnswer,
    log: CallLog,
  ): Promise<void> {
    const pool = this.#pools.of(this.#origin, credential.corpId ?? '(unknown)');
    const send = async (by: Credential, holdsTokenError: boolean): Promise<ExchangeEnd> => {
      const path = `${this.#basePath}${api}${by.query === '' ? '' : `?${by.query}`}`;
      const span = this.#startSpan(api, by, request);
      const call = toRequest(path, body, request, span?.context ?? request.trace);
      const sent = ProxyExchange.run(pool, call, answer, this.clock, { holdsTokenError });
      const end = await endWith(span, sent, toSpanAttributes);
      this.metrics.answered('call', end.errcode);
      if (isTokenError(end.errcode) && by.tokenId !== null) await this.tokens.revoke(by.tokenId);
      return end;
    };
    let end = await send(credential, credential.renew !== null && 'whole' in body);
    if (end.kind === 'held') {
      const renewed = await credential.renew?.();
      if (renewed) log.repeated = true;
      end = renewed ? await send(renewed, false) : end.passOn();
    }
    log.result = 'answered';
    log.errcode = end.errcode ?? undefined;
    if (end.kind === 'passed' && end.status === 200) this.limits.noteKnown(api);
  }

  #startSpan(api: string, { corpId }: Credential, { method, trace }: FastifyRequest): Span | null {
    const span = this.tracing.start('client', 'call', trace);
    span?.set({
      ...toServerAttributes(this.#origin),
      'http.request.method': method,
      'wxkf.api': api,
      'wxkf.corp_id': corpId ?? undefined,
    });
    return span;
  }
}

function toSpanAttributes(end: ExchangeEnd): SpanAttributes {
  return {
    'http.response.status_code': end.kind === 'passed' ? end.status : undefined,
    'wxkf.errcode': end.errcode ?? undefined,
  };
}

function toRequest(
  path: string,
  body: ProxyBody,
  request: FastifyRequest,
  trace: TraceContext | null,
): Undici.DispatchOptions {
  const bytes = 'whole' in body ? body.whole : body.stream;
  return {
    method: request.method as Undici.HttpMethod,
    path,
    headers: [...toWecomHeaders(request.raw.rawHeaders, String(request.id), bytes !== null, trace)],
    body: bytes,
  };
}

/** A body that cannot be read says nothing of a token. */
function hasSyncToken(body: ProxyBody): boolean {
  const bytes = 'whole' in body ? body.whole : null;
  const token = bytes === null ? undefined : parseObject(bytes.toString('utf8'))?.token;
  return typeof token === 'string' && token !== '';
}

function answerWith(
  reply: FastifyReply,
  log: CallLog,
  answer: WecomAnswer,
  retryAfterS: number | null,
): void {
  log.errcode = answer.errcode;
  if (retryAfterS !== null) reply.header('retry-after', retryAfterS);
  reply.send({ errcode: answer.errcode, errmsg: answer.errmsg });
}

/** Nobody is there to be told, or has been told as much as can be. */
function isOver(error: unknown): boolean {
  return error instanceof CallerGone || error instanceof AnswerBroken;
}

function resultOf(error: unknown): CallResult {
  if (error instanceof CallerGone) return 'aborted';
  if (error instanceof AnswerBroken) return 'broken';
  if (!(error instanceof AppError)) return 'failed';
  if (error.code === 'WECOM_UNREACHABLE') return 'unreachable';
  return error.code === 'INTERNAL' ? 'failed' : 'refused';
}
