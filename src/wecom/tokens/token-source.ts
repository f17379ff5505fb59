/** Asks WeCom, or the gateway in its place, for an access token, within limits of time and size. */
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { Secret } from '../../kernel/secret.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import { endWith, Tracing, toServerAttributes } from '../../kernel/tracing.js';
import type { CallFault } from '../outcomes/call-outcomes.js';
import {
  ERRCODE,
  parseObject,
  readAnswer,
  unlistedAddressOf,
  type WecomAnswer,
} from '../client/wecom-answer.js';
import { wecomConfig } from '../client/wecom.config.js';
import { RareCalls } from '../../http/outgoing/rare-calls.js';
import { WecomMetrics } from '../outcomes/wecom-metrics.js';

/** For all tries together. */
export const ASK_LIMIT_MS = 5_000;
/** WeCom answers -1 when it is busy, and allows up to 3 further tries (developer.work.weixin.qq.com/document/path/90313). */
const BUSY_PAUSES_MS = [200, 400, 800];

/** WeCom asks to reserve 512 bytes (developer.work.weixin.qq.com/document/path/91039). Tokens of gateways may be longer. */
const TOKEN_LENGTH_MAX = 2_048;
const TOKEN_FORMAT = /^[\x21-\x7e]+$/;
/** A month: longer than any token lives. */
const LIFE_S_MAX = 31 * 86_400;
const WECOM_PATH = '/cgi-bin/gettoken';
const ERRMSG_LENGTH_MAX = 1_024;

export interface Grant {
  readonly value: Secret;
  /** The lifetime that upstream reported, seconds, at least 1. */
  readonly expiresInS: number;
}

export type SourceAnswer = { readonly grant: Grant } | { readonly refusal: WecomAnswer };

@Injectable()
export class TokenSource {
  /**
   * A gateway keeps tokens and knows how long each has left. WeCom gives the same token again and may then report the full
   * lifetime (it documents neither). So WeCom's lifetime is believed only once for each token.
   */
  readonly isGateway: boolean;
  readonly #url: URL;

  constructor(
    @Inject(wecomConfig.KEY) { accessTokenUrl }: ConfigType<typeof wecomConfig>,
    private readonly metrics: WecomMetrics,
    private readonly calls: RareCalls,
    private readonly clock: Clock,
    private readonly tracing: Tracing,
  ) {
    this.#url = accessTokenUrl;
    this.isGateway = accessTokenUrl.pathname !== WECOM_PATH;
  }

  /** Makes running requests and later ones fail. */
  close(): void {
    this.calls.close();
  }

  /**
   * Asks upstream, within 5 s. The answer comes unchanged, except that the secret is removed if upstream repeats it.
   * @param botId see `TokenRequest`.
   * @throws AppError `WECOM_UNREACHABLE` when upstream cannot be reached, is too slow, or answers in another form.
   */
  async ask(
    corpId: string,
    corpSecret: Secret,
    trace: TraceContext | null,
    botId?: string | null,
  ): Promise<SourceAnswer> {
    const note = (errcode: number | null, fault: CallFault | null, unlistedAddress?: string): void =>
      this.metrics.tokenAsked({ corpId, botId, errcode, fault, unlistedAddress });
    try {
      const answer = await this.#traced(corpId, corpSecret, trace);
      if ('refusal' in answer) note(answer.refusal.errcode, null, unlistedAddressOf(answer.refusal));
      else note(0, null);
      return answer;
    } catch (error) {
      note(null, 'unreachable');
      throw error;
    }
  }

  #traced(corpId: string, corpSecret: Secret, trace: TraceContext | null): Promise<SourceAnswer> {
    const span = this.tracing.start('client', 'gettoken', trace);
    span?.set({
      ...toServerAttributes(this.#url.origin),
      'http.request.method': 'GET',
      'wxkf.corp_id': corpId,
    });
    return endWith(span, this.#ask(corpId, corpSecret, span?.context ?? trace), (answer) => ({
      'wxkf.errcode': 'refusal' in answer ? answer.refusal.errcode : 0,
    }));
  }

  async #ask(corpId: string, corpSecret: Secret, trace: TraceContext | null): Promise<SourceAnswer> {
    const untilMs = this.clock.elapsedMs() + ASK_LIMIT_MS;
    for (const pauseMs of [...BUSY_PAUSES_MS, null]) {
      const answer = await this.#askOnce(corpId, corpSecret, untilMs - this.clock.elapsedMs(), trace);
      const isBusy = 'refusal' in answer && answer.refusal.errcode === ERRCODE.busy;
      if (!isBusy || pauseMs === null || this.clock.elapsedMs() + pauseMs >= untilMs) return answer;
      await this.clock.sleep(pauseMs);
    }
    throw new Error('unreachable: the last try always returns');
  }

  async #askOnce(
    corpId: string,
    corpSecret: Secret,
    limitMs: number,
    trace: TraceContext | null,
  ): Promise<SourceAnswer> {
    const url = new URL(this.#url);
    url.search = `corpid=${encodeURIComponent(corpId)}&corpsecret=${encodeURIComponent(corpSecret.reveal())}`;
    const headers = {
      accept: 'application/json',
      traceparent: trace?.traceparent ?? null,
      tracestate: trace?.tracestate ?? null,
    };
    try {
      const { status, text } = await this.calls.send({ party: corpId, method: 'GET', url, headers, limitMs });
      const answer = toAnswer(status, text, corpSecret);
      if ('refusal' in answer) this.metrics.answered('gettoken', answer.refusal.errcode);
      return answer;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'it failed';
      throw new AppError('WECOM_UNREACHABLE', { detail: `no access token, since ${reason}`, cause });
    }
  }
}

/** @throws Error. Its message says what is wrong with the answer, and repeats nothing of it. */
function toAnswer(status: number, text: string, corpSecret: Secret): SourceAnswer {
  if (status !== 200) throw new Error(`it answered with HTTP status ${status}`);
  const answer = readAnswer(text);
  if (answer !== null && answer.errcode !== 0) {
    return { refusal: { ...answer, errmsg: withoutSecret(answer.errmsg, corpSecret) } };
  }
  const { access_token: value, expires_in: life } = parseObject(text) ?? {};
  if (typeof value !== 'string' || value.length > TOKEN_LENGTH_MAX || !TOKEN_FORMAT.test(value)) {
    throw new Error('its answer has no access_token');
  }
  const expiresInS = Math.floor(Number(life));
  if (!(expiresInS >= 1)) throw new Error('its answer has no expires_in of 1 second or more');
  return { grant: { value: new Secret(value), expiresInS: Math.min(expiresInS, LIFE_S_MAX) } };
}

function withoutSecret(text: string, secret: Secret): string {
  const value = secret.reveal();
  return text
    .replaceAll(value, '***')
    .replaceAll(encodeURIComponent(value), '***')
    .slice(0, ERRMSG_LENGTH_MAX);
}
