/** Checks for commands whether WeCom can be called from this machine. It only reads, calls once, and stores nothing. */
import type { ConfigType } from '@nestjs/config';
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import type { Secret } from '../../kernel/secret.js';
import { NoTracing } from '../../kernel/tracing.js';
import { Metrics } from '../../metrics/metrics.js';
import { newHttpService } from '../../http/outgoing/http-service.js';
import { type SourceAnswer, TokenSource } from './token-source.js';
import type { wecomConfig } from '../client/wecom.config.js';
import { readAnswer, type WecomAnswer } from '../client/wecom-answer.js';
import { RareCalls } from '../../http/outgoing/rare-calls.js';
import { WecomMetrics } from '../outcomes/wecom-metrics.js';

const LIMIT_MS = 5_000;
/** Asks for one account: that shows whether the token may be used for customer service, and from this address. */
const ONE_ACCOUNT = '{"offset":0,"limit":1}';
const ERRMSG_LENGTH_MAX = 1_024;

export class WecomProbe {
  readonly #calls: RareCalls;
  readonly #source: TokenSource;
  readonly #accountsUrl: URL;

  constructor(config: ConfigType<typeof wecomConfig>, clock: Clock) {
    this.#calls = new RareCalls(newHttpService(), config, clock);
    const metrics = new WecomMetrics(new Metrics());
    this.#source = new TokenSource(config, metrics, this.#calls, clock, new NoTracing());
    this.#accountsUrl = new URL(config.wecomApiUrl);
    this.#accountsUrl.pathname = `${config.wecomApiUrl.pathname.replace(/\/+$/, '')}/cgi-bin/kf/account/list`;
  }

  /** Whether tokens come from a gateway in WeCom's place. */
  get isGateway(): boolean {
    return this.#source.isGateway;
  }

  close(): void {
    this.#calls.close();
  }

  /** @throws AppError `WECOM_UNREACHABLE` */
  askToken(corpId: string, corpSecret: Secret): Promise<SourceAnswer> {
    return this.#source.ask(corpId, corpSecret, null);
  }

  /**
   * Calls WeCom with this token, or without one, and returns its answer. A token that WeCom repeats is removed from it.
   * @throws AppError `WECOM_UNREACHABLE`
   */
  async call(corpId: string, accessToken: Secret | null): Promise<WecomAnswer> {
    const url = new URL(this.#accountsUrl);
    if (accessToken !== null) url.search = `access_token=${encodeURIComponent(accessToken.reveal())}`;
    const headers = { 'content-type': 'application/json' };
    try {
      const { status, text } = await this.#calls.send({
        party: corpId,
        method: 'POST',
        url,
        headers,
        body: ONE_ACCOUNT,
        limitMs: LIMIT_MS,
      });
      const answer = readAnswer(text);
      if (answer === null)
        throw new Error(`it answered with HTTP status ${status}, not in the form of WeCom's answers`);
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
