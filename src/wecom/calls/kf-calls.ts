/** Calls of WeCom's customer service API that the manager makes for a bot, with the access token of the bot's corpSecret. */
import { Injectable } from '@nestjs/common';
import type { Secret } from '../../kernel/secret.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import { AnswerLost, OwnCalls } from '../client/own-calls.js';
import { CallLimits } from './call-limits.js';
import type { Asker } from './sync-turns.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import {
  ERRCODE,
  isTokenError,
  parseObject,
  unlistedAddressOf,
  type WecomAnswer,
} from '../client/wecom-answer.js';
import { WecomMetrics } from '../outcomes/wecom-metrics.js';

export interface KfCall {
  readonly corpId: string;
  readonly corpSecret: Secret;
  /** The bot that the call is for. Failed token requests are counted for it. */
  readonly botId: string;
  /** Its path under /cgi-bin/. */
  readonly api: string;
  /** The account that a failure is told of; `null` where it says nothing of the account. */
  readonly openKfId: string | null;
  /** The customer whom a reply answers; left out for any other call. */
  readonly touser?: string;
  /** The JSON of a POST; `null` for a GET. */
  readonly body: object | null;
  /** More parameters of the query. */
  readonly query?: Readonly<Record<string, string>>;
  /** See `CountedCall`. */
  readonly tokenlessSync?: Asker | null;
  readonly trace: TraceContext | null;
}

export type KfAnswer =
  /** The fields of an answer with `errcode` 0. */
  | { readonly fields: Readonly<Record<string, unknown>> }
  /** WeCom refused. */
  | WecomAnswer
  /** WeCom's limits allow no call now; WeCom was not asked. */
  | { readonly retryAfterS: number };

@Injectable()
export class KfCalls {
  constructor(
    private readonly calls: OwnCalls,
    private readonly tokens: AccessTokens,
    private readonly limits: CallLimits,
    private readonly metrics: WecomMetrics,
  ) {}

  /**
   * If WeCom refuses the access token, the call is repeated once with a new one.
   * @throws AppError `WECOM_UNREACHABLE`; as `AnswerLost` when WeCom may have carried it out, and as `UnfinishedAnswer` when a
   *   shorter answer may still come through.
   */
  async call(asked: KfCall): Promise<KfAnswer> {
    const first = await this.#try(asked);
    return 'errcode' in first && isTokenError(first.errcode) ? this.#try(asked) : first;
  }

  async #try(asked: KfCall): Promise<KfAnswer> {
    const { corpId, corpSecret, botId, api, openKfId, touser } = asked;
    const { body, query = {}, tokenlessSync = null, trace } = asked;
    const caller = { role: null, bot: { id: botId } };
    const outcome = await this.tokens.getForCall({
      corpId,
      corpSecret,
      caller,
      botId,
      isProven: true,
      trace,
    });
    const ended = { operation: 'call', corpId, botId, api, openKfId, touser, isAsked: true } as const;
    if ('refusal' in outcome) {
      // A pause for its callers is the manager's own.
      const isAsked = outcome.refusal.errcode !== ERRCODE.tooFrequent;
      this.metrics.noteOutcome({ ...ended, ...toOutcome(outcome.refusal), isAsked });
      return outcome.refusal;
    }
    const retryAfterS = await this.limits.take({ corpId, api, tokenlessSync });
    if (retryAfterS !== null) return { retryAfterS };
    const { value: accessToken, id } = outcome.token;
    const answer = await this.calls
      .call({ corpId, api, accessToken, body, query, trace })
      .then(toAnswer)
      .catch((error: unknown) => {
        this.metrics.noteOutcome({ ...ended, errcode: null, fault: 'unreachable' });
        throw error;
      });
    const errcode = 'fields' in answer ? 0 : answer.errcode;
    this.metrics.noteOutcome({ ...ended, ...('fields' in answer ? TAKEN : toOutcome(answer)) });
    if (errcode === 0) this.limits.noteKnown(api);
    else this.metrics.answered('call', errcode);
    if (isTokenError(errcode)) await this.tokens.revoke(id);
    return answer;
  }
}

const TAKEN = { errcode: 0, fault: null };

function toOutcome(refusal: WecomAnswer) {
  return { errcode: refusal.errcode, unlistedAddress: unlistedAddressOf(refusal), fault: null };
}

/** @throws AnswerLost when the text does not have the form of WeCom's answers. */
function toAnswer(text: string): Exclude<KfAnswer, { retryAfterS: number }> {
  const fields = parseObject(text);
  const errcode = Number(fields?.errcode ?? Number.NaN);
  if (fields === null || !Number.isInteger(errcode))
    throw new AnswerLost("the answer does not have the form of WeCom's answers");
  if (errcode === 0) return { fields };
  return { errcode, errmsg: typeof fields.errmsg === 'string' ? fields.errmsg : '' };
}
