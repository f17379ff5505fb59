/** Pulls the messages of an account from WeCom, for bots that take messages. */
import { Injectable } from '@nestjs/common';
import type { Secret } from '../../kernel/secret.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import type { WecomAnswer } from '../client/wecom-answer.js';
import { KfCalls } from './kf-calls.js';

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
  | WecomAnswer
  /** WeCom's limits allow no call now; WeCom was not asked. */
  | { readonly retryAfterS: number };

@Injectable()
export class KfSync {
  constructor(private readonly calls: KfCalls) {}

  /**
   * Pulls one page. If WeCom refuses the access token, the pull is repeated once with a new one.
   * @throws AppError `WECOM_UNREACHABLE`; as `UnfinishedAnswer` when a page with fewer messages may still come through.
   */
  async pull(asked: Pull): Promise<PullAnswer> {
    const { botId, openKfId, cursor, syncToken, limit } = asked;
    const body = {
      ...(cursor !== '' && { cursor }),
      ...(syncToken !== '' && { token: syncToken }),
      limit,
      open_kfid: openKfId,
    };
    const tokenlessSync = syncToken === '' ? { botId, openKfId } : null;
    const answer = await this.calls.call({ ...asked, api: API, body, tokenlessSync });
    return 'fields' in answer ? toPage(answer.fields) : answer;
  }
}

function toPage(answer: Readonly<Record<string, unknown>>): PulledEntries {
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
