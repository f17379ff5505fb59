/** Tries, for the shell, whether WeCom can be asked from here: harmless questions, each once, of which nothing is kept. */
import type { ConfigType } from '@nestjs/config';
import { ConnectionPools, type PoolLimits } from '../http/connection-pools.js';
import { AppError } from '../kernel/app-error.js';
import type { Clock } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import type { Secret } from '../kernel/secret.js';
import { NoTracing } from '../kernel/tracing.js';
import { Metrics } from '../metrics/metrics.js';
import { OutgoingSockets } from '../metrics/outgoing-sockets.js';
import { SmallExchange } from './tokens/small-exchange.js';
import { type SourceAnswer, TokenSource } from './tokens/token-source.js';
import type { wecomConfig } from './wecom.config.js';
import { readAnswer, type WecomAnswer } from './wecom-answer.js';
import { WecomMetrics } from './wecom-metrics.js';

const LIMIT_MS = 5_000;
const LIMITS: PoolLimits = { sockets: 1, exchanges: 8, keepAliveMs: 4_000, connectMs: 4_500 };
/** Reads one account, and so tells whether a token may be used for customer service, from this address. */
const ACCOUNTS = { api: 'kf/account/list', body: '{"offset":0,"limit":1}' };
const ERRMSG_LENGTH_MAX = 1_024;

export class WecomProbe {
  readonly #source: TokenSource;
  readonly #pools: ConnectionPools;
  readonly #api: URL;

  constructor(
    config: ConfigType<typeof wecomConfig>,
    private readonly clock: Clock,
    log: Log,
  ) {
    const metrics = new Metrics();
    const sockets = new OutgoingSockets(metrics);
    this.#source = new TokenSource(config, new WecomMetrics(metrics), sockets, clock, log, new NoTracing());
    this.#pools = new ConnectionPools(LIMITS, clock, log);
    this.#api = config.wecomApiUrl;
  }

  /** Whether tokens come from a gateway in WeCom's place. */
  get isGateway(): boolean {
    return this.#source.isGateway;
  }

  async close(): Promise<void> {
    await Promise.all([this.#source.close(), this.#pools.close()]);
  }

  /** @throws AppError `WECOM_UNREACHABLE` */
  askToken(corpId: string, corpSecret: Secret): Promise<SourceAnswer> {
    return this.#source.ask(corpId, corpSecret, null);
  }

  /**
   * What WeCom answers to a call with this token, or with none; never with the token, should WeCom repeat it.
   * @throws AppError `WECOM_UNREACHABLE`
   */
  async call(accessToken: Secret | null): Promise<WecomAnswer> {
    const query = accessToken === null ? '' : `?access_token=${encodeURIComponent(accessToken.reveal())}`;
    const request = {
      method: 'POST',
      path: `${this.#api.pathname.replace(/\/+$/, '')}/cgi-bin/${ACCOUNTS.api}${query}`,
      headers: { 'content-type': 'application/json' },
      body: ACCOUNTS.body,
    } as const;
    try {
      const pool = this.#pools.of(this.#api.origin);
      const { status, body } = await SmallExchange.run(pool, request, LIMIT_MS, this.clock);
      const answer = readAnswer(body.toString('utf8'));
      if (answer === null) throw new Error(`it answered with HTTP status ${status} and not as WeCom does`);
      return { ...answer, errmsg: withoutToken(answer.errmsg, accessToken) };
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : 'it failed';
      throw new AppError('WECOM_UNREACHABLE', { detail, cause });
    }
  }
}

function withoutToken(text: string, token: Secret | null): string {
  return (token === null ? text : text.replaceAll(token.reveal(), '***')).slice(0, ERRMSG_LENGTH_MAX);
}
