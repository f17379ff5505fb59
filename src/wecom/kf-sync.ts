/** Pulls the messages of an account from WeCom, for bots that take messages. */
import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import type { Secret } from '../kernel/secret.js';
import type { TraceContext } from '../kernel/trace-context.js';
import { OwnCalls } from './client/own-calls.js';
import { CallLimits } from './proxy/call-limits.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { toTokenCaller } from './tokens/token-caller.js';
import { isTokenError, parseObject, unlistedAddressOf, type WecomAnswer } from './client/wecom-answer.js';
import { WecomMetrics } from './outcomes/wecom-metrics.js';

const API = 'kf/sync_msg';
/** The most messages in one of WeCom's answers (developer.work.weixin.qq.com/document/path/94670). */
export const PAGE_SIZE = 1_000;

/** One question for messages. */
export interface Pull {
  readonly corpId: string;
  readonly corpSecret: Secret;
  /** The bot that the pull is for. Failed token requests are counted for it. */
  readonly botId: string;
  readonly openKfId: string;
  /** `''` starts at the oldest message that WeCom keeps. */
  readonly cursor: string;
  /** The sync token of an event; `''` for none. WeCom allows few pulls without one. */
  readonly syncToken: string;
  /** The most messages to return, from 1 to `PAGE_SIZE`. */
  readonly limit: number;
  readonly trace: TraceContext | null;
}

export interface PulledEntries {
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  /** Where the next pull starts; `''` when WeCom gave none. */
  readonly cursor: string;
  readonly hasMore: boolean;
}

export type PullAnswer =
  | PulledEntries
  /** WeCom refused. */
  | { readonly errcode: number; readonly errmsg: string }
  /** WeCom's limits allow no call now; WeCom was not asked. */
  | { readonly retryAfterS: number };

@Injectable()
export class KfSync {
  constructor(
    private readonly calls: OwnCalls,
    private readonly tokens: AccessTokens,
    private readonly limits: CallLimits,
    private readonly metrics: WecomMetrics,
  ) {}

  /**
   * Pulls one page. If WeCom refuses the access token, the pull is repeated once with a new one.
   * @throws AppError `WECOM_UNREACHABLE`; as `UnfinishedAnswer` when a page with fewer messages may still come through.
   */
  async pull(asked: Pull): Promise<PullAnswer> {
    const first = await this.#try(asked);
    return 'errcode' in first && isTokenError(first.errcode) ? this.#try(asked) : first;
  }

  async #try({
    corpId,
    corpSecret,
    botId,
    openKfId,
    cursor,
    syncToken,
    limit,
    trace,
  }: Pull): Promise<PullAnswer> {
    const caller = toTokenCaller(null, undefined, { id: botId, corpId });
    const outcome = await this.tokens.getForCall({
      corpId,
      corpSecret,
      caller,
      botId,
      isProven: true,
      trace,
    });
    const ended = { operation: 'call', corpId, botId, api: API, openKfId, isAsked: true } as const;
    if ('refusal' in outcome) {
      this.metrics.noteOutcome({ ...ended, ...toOutcome(outcome.refusal) });
      return outcome.refusal;
    }
    const tokenlessSync = syncToken === '' ? { botId, openKfId } : null;
    const retryAfterS = await this.limits.take({ corpId, api: API, tokenlessSync });
    if (retryAfterS !== null) return { retryAfterS };
    const { value: accessToken, id } = outcome.token;
    const body = {
      ...(cursor !== '' && { cursor }),
      ...(syncToken !== '' && { token: syncToken }),
      limit,
      open_kfid: openKfId,
    };
    const answer = await this.calls
      .post({ corpId, api: API, accessToken, body, trace })
      .then(toAnswer)
      .catch((error: unknown) => {
        this.metrics.noteOutcome({ ...ended, errcode: null, fault: 'unreachable' });
        throw error;
      });
    this.metrics.noteOutcome({ ...ended, ...('errcode' in answer ? toOutcome(answer) : TAKEN) });
    if ('errcode' in answer) {
      this.metrics.answered('call', answer.errcode);
      if (isTokenError(answer.errcode)) await this.tokens.revoke(id);
    } else {
      this.limits.noteKnown(API);
      if ('entries' in answer) this.metrics.noteEntries(corpId, openKfId, answer.entries, false);
    }
    return answer;
  }
}

const TAKEN = { errcode: 0, fault: null };

function toOutcome(refusal: WecomAnswer) {
  return { errcode: refusal.errcode, unlistedAddress: unlistedAddressOf(refusal), fault: null };
}

/** @throws AppError `WECOM_UNREACHABLE` when the text does not have the form of WeCom's answers. */
function toAnswer(text: string): PullAnswer {
  const answer = parseObject(text);
  const errcode = Number(answer?.errcode ?? Number.NaN);
  if (answer === null || !Number.isInteger(errcode))
    throw new AppError('WECOM_UNREACHABLE', {
      detail: "the answer does not have the form of WeCom's answers",
    });
  if (errcode !== 0) return { errcode, errmsg: typeof answer.errmsg === 'string' ? answer.errmsg : '' };
  const list: unknown[] = Array.isArray(answer.msg_list) ? answer.msg_list : [];
  return {
    entries: list.filter(isObject),
    cursor: typeof answer.next_cursor === 'string' ? answer.next_cursor : '',
    hasMore: answer.has_more === 1 || answer.has_more === true,
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
