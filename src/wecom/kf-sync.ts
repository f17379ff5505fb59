/** Pulls the messages of an account from WeCom, for bots whose pulling is the manager's. */
import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import type { Secret } from '../kernel/secret.js';
import type { TraceContext } from '../kernel/trace-context.js';
import { OwnCalls } from './client/own-calls.js';
import { CallLimits } from './proxy/call-limits.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { toTokenCaller } from './tokens/token-caller.js';
import { isTokenError, parseObject } from './client/wecom-answer.js';
import { WecomMetrics } from './outcomes/wecom-metrics.js';

const API = 'kf/sync_msg';
/** The most messages that WeCom gives at once (developer.work.weixin.qq.com/document/path/94670). */
export const PAGE_SIZE = 1_000;

/** What is asked for. */
export interface Pull {
  readonly corpId: string;
  readonly corpSecret: Secret;
  /** Failures of its secret count for it. */
  readonly botId: string;
  readonly openKfId: string;
  /** `''` for the beginning of what WeCom keeps. */
  readonly cursor: string;
  /** The sync token of an event; `''` for none, which WeCom allows rarely. */
  readonly syncToken: string;
  /** How many messages at most, up to `PAGE_SIZE`. */
  readonly limit: number;
  readonly trace: TraceContext | null;
}

export interface PulledEntries {
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  /** `''` where WeCom gave none. */
  readonly cursor: string;
  readonly hasMore: boolean;
}

export type PullAnswer =
  | PulledEntries
  /** WeCom said no. */
  | { readonly errcode: number; readonly errmsg: string }
  /** WeCom's limits do not allow it now; nothing was asked. */
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
   * One page. Where WeCom refuses the access token it is renewed once.
   * @throws AppError `WECOM_UNREACHABLE`; UnfinishedAnswer where fewer messages may be readable.
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
    const outcome = await this.tokens.getForCall({ corpId, corpSecret, caller, isProven: true, trace });
    if ('refusal' in outcome) return outcome.refusal;
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
    const ended = { operation: 'call', corpId, api: API, openKfId: null } as const;
    const answer = await this.calls
      .post({ corpId, api: API, accessToken, body, trace })
      .then(toAnswer)
      .catch((error: unknown) => {
        this.metrics.noteOutcome({ ...ended, errcode: null, fault: 'unreachable' });
        throw error;
      });
    this.metrics.noteOutcome({ ...ended, errcode: 'errcode' in answer ? answer.errcode : 0, fault: null });
    if ('errcode' in answer) {
      this.metrics.answered('call', answer.errcode);
      if (isTokenError(answer.errcode)) await this.tokens.revoke(id);
    } else this.limits.noteKnown(API);
    return answer;
  }
}

/** @throws AppError `WECOM_UNREACHABLE` for what is none of WeCom's answers. */
function toAnswer(text: string): PullAnswer {
  const answer = parseObject(text);
  const errcode = Number(answer?.errcode ?? Number.NaN);
  if (answer === null || !Number.isInteger(errcode))
    throw new AppError('WECOM_UNREACHABLE', { detail: 'the answer is not one of WeCom' });
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
