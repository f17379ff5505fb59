/** Sends proxied calls to WeCom. Each corp has a pool of connections of its own, so that slow calls of one corp block no other. */
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyRequest } from 'fastify';
import type { Dispatcher as Undici } from 'undici';
import { forwardProxyFor } from '../../config/forward-proxy.js';
import { ConnectionPools, type PoolLimits } from '../../http/outgoing/connection-pools.js';
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
import { isTokenError } from '../client/wecom-answer.js';
import { WecomMetrics } from '../outcomes/wecom-metrics.js';
import { wecomConfig } from '../client/wecom.config.js';
import type { Credential } from './call-credentials.js';
import type { CallLog } from './call-log.js';
import { PLACES } from './call-places.js';
import type { CallerAnswer } from './caller-answer.js';
import type { ProxyBody } from './proxy-body.js';
import { type ExchangeEnd, type ExchangeOptions, ProxyExchange } from './proxy-exchange.js';
import { toWecomHeaders } from './proxy-headers.js';

/** Per corp. There is a connection for each place, so that a call with a place never waits for one. */
const LIMITS: PoolLimits = { sockets: PLACES, exchanges: PLACES, keepAliveMs: 4_000, connectMs: 5_000 };

@Injectable()
export class ProxyUpstream implements OnApplicationShutdown {
  readonly #pools: ConnectionPools;
  readonly #origin: string;
  readonly #basePath: string;

  constructor(
    @Inject(wecomConfig.KEY) config: ConfigType<typeof wecomConfig>,
    private readonly tokens: AccessTokens,
    private readonly metrics: WecomMetrics,
    sockets: OutgoingSockets,
    private readonly clock: Clock,
    @Inject(LOG) log: Log,
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

  /**
   * Calls WeCom and passes its answer on. If WeCom refuses a token that the manager added, it calls once more with a new one.
   * @throws AppError `WECOM_UNREACHABLE`, AnswerBroken, CallerGone
   */
  async call(
    api: string,
    credential: Credential,
    body: ProxyBody,
    request: FastifyRequest,
    answer: CallerAnswer,
    log: CallLog,
    whenRead: ExchangeOptions['whenRead'],
  ): Promise<ExchangeEnd> {
    const pool = this.#pools.of(this.#origin, credential.corpId ?? '(unknown)');
    const send = async (by: Credential, holdsTokenError: boolean): Promise<ExchangeEnd> => {
      const path = `${this.#basePath}${api}${by.query === '' ? '' : `?${by.query}`}`;
      const span = this.#startSpan(api, by, request);
      const call = toRequest(path, body, request, span?.context ?? request.trace);
      const sent = ProxyExchange.run(pool, call, answer, this.clock, { holdsTokenError, whenRead });
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
    log.unlistedAddress = end.unlistedAddress;
    return end;
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
  const isRewritten = 'isRewritten' in body && body.isRewritten === true;
  const kind = bytes === null ? 'none' : isRewritten ? 'rewritten' : 'as sent';
  return {
    method: request.method as Undici.HttpMethod,
    path,
    headers: [...toWecomHeaders(request.raw.rawHeaders, String(request.id), kind, trace)],
    body: bytes,
  };
}
