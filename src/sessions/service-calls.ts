/** What the manager asks and tells WeCom about sessions (developer.work.weixin.qq.com/document/path/94669, 94645, 94677, 95122). */
import { Injectable } from '@nestjs/common';
import { type Addressee, accountKey } from '../kernel/account.js';
import { AppError } from '../kernel/app-error.js';
import { newLru } from '../kernel/lru.js';
import type { TraceContext } from '../kernel/trace-context.js';
import type { OpenBot } from '../registry/bots/known-bots.js';
import type { MenuChoice, SessionOffer } from '../registry/bots/session.dto.js';
import { isPassing, type WecomAnswer } from '../wecom/client/wecom-answer.js';
import { KfCalls } from '../wecom/calls/kf-calls.js';
import { STATE, type State, type SessionText } from './session.js';

/** Events tell of a change, and WeCom may lose them. A page of many who ask causes one call. */
const SERVICERS_MS = 10_000;
const SERVICERS_MAX = 1_000;

/** The customer of an account, and the bot for whose app it is asked. */
export interface ServiceCall {
  readonly account: Addressee;
  readonly customer: string;
  readonly bot: OpenBot;
  readonly trace: TraceContext | null;
}

/** Who may serve an account. */
export interface Servicers {
  /** Members who are serving now. */
  readonly serving: readonly string[];
  /** Members who are not. */
  readonly stopped: readonly string[];
  /** Whether departments are listed, of whose members WeCom tells nothing. */
  readonly hasOthers: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * None of them rejects. `null` means that WeCom could not be asked now, or gave no such answer; a `WecomAnswer`, that WeCom has
 * refused and will refuse again.
 */
@Injectable()
export class ServiceCalls {
  readonly #servicers = newLru<Promise<Servicers | WecomAnswer | null>>(SERVICERS_MAX, SERVICERS_MS);

  constructor(private readonly calls: KfCalls) {}

  async state(asked: ServiceCall): Promise<State | WecomAnswer | null> {
    const answer = await this.#call(asked, 'kf/service_state/get', idsOf(asked));
    return answer !== null && 'fields' in answer ? readState(answer.fields) : answer;
  }

  /** @returns the code for a text. */
  async transfer(
    asked: ServiceCall,
    state: State,
    servicer: string | null,
  ): Promise<{ readonly code: string | null } | WecomAnswer | null> {
    const answer = await this.#call(asked, 'kf/service_state/trans', {
      ...idsOf(asked),
      service_state: state,
      ...(servicer !== null && { servicer_userid: servicer }),
    });
    if (answer === null || 'errcode' in answer) return answer;
    const { msg_code: code } = answer.fields;
    return { code: typeof code === 'string' && code !== '' ? code : null };
  }

  async servicers(asked: ServiceCall): Promise<Servicers | WecomAnswer | null> {
    const key = accountKey(asked.account);
    const known = this.#servicers.get(key);
    if (known !== undefined) return known;
    const asking = this.#askServicers(asked);
    this.#servicers.set(key, asking);
    const servicers = await asking;
    const isFailed = servicers === null || 'errcode' in servicers;
    if (isFailed && this.#servicers.get(key) === asking) this.#servicers.delete(key);
    return servicers;
  }

  /** Something says that other people serve now. */
  forgetServicers(account: Addressee): void {
    this.#servicers.delete(accountKey(account));
  }

  async #askServicers(asked: ServiceCall): Promise<Servicers | WecomAnswer | null> {
    const query = { open_kfid: asked.account.openKfId };
    const answer = await this.#call(asked, 'kf/servicer/list', null, query);
    if (answer === null || 'errcode' in answer) return answer;
    return readServicers(answer.fields.servicer_list);
  }

  /** @returns the errcode of WeCom's answer; `null` where the text is to be sent again. */
  async send(asked: ServiceCall, { offer, code, id }: SessionText): Promise<number | null> {
    const message = { msgid: id, ...toMessage(offer) };
    const answer =
      code === null
        ? await this.#call(asked, 'kf/send_msg', {
            touser: asked.customer,
            open_kfid: asked.account.openKfId,
            ...message,
          })
        : await this.#call(asked, 'kf/send_msg_on_event', { code, ...message });
    if (answer === null) return null;
    return 'fields' in answer ? 0 : answer.errcode;
  }

  /** A failure is told of the app, and not of the account: these are no replies of its bot. */
  async #call(
    { account: { corpId }, bot, trace }: ServiceCall,
    api: string,
    body: object | null,
    query: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly fields: Fields } | WecomAnswer | null> {
    const { corpSecret } = bot.secrets;
    try {
      const answer = await this.calls.call({
        corpId,
        corpSecret,
        botId: bot.id,
        api,
        openKfId: null,
        body,
        query,
        trace,
      });
      if ('retryAfterS' in answer) return null;
      return 'errcode' in answer && isPassing(answer.errcode) ? null : answer;
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }
}

/** What an answer to `kf/service_state/get`, or a call of `trans`, says. */
export function readState({ service_state: told }: Fields): State | null {
  return Object.values(STATE).find((state) => state === told) ?? null;
}

function idsOf({ account, customer }: ServiceCall) {
  return { open_kfid: account.openKfId, external_userid: customer };
}

function readServicers(list: unknown): Servicers {
  const entries = (Array.isArray(list) ? list : []).map((one) => Object(one) as Record<string, unknown>);
  const members = entries.flatMap(({ userid, status }) =>
    typeof userid === 'string' ? [{ userid, isServing: status === 0 }] : [],
  );
  return {
    serving: members.filter(({ isServing }) => isServing).map(({ userid }) => userid),
    stopped: members.filter(({ isServing }) => !isServing).map(({ userid }) => userid),
    hasOthers: members.length < entries.length,
  };
}

function toMessage({ text, menu }: SessionOffer): object {
  if (menu === undefined) return { msgtype: 'text', text: { content: text ?? '' } };
  const { head, choices, tail } = menu;
  return {
    msgtype: 'msgmenu',
    msgmenu: {
      ...(head !== undefined && { head_content: head }),
      list: choices.map(toItem),
      ...(tail !== undefined && { tail_content: tail }),
    },
  };
}

function toItem({ text, id, url }: MenuChoice): object {
  if (url !== undefined) return { type: 'view', view: { url, content: text } };
  return { type: 'click', click: { ...(id !== undefined && { id }), content: text } };
}
