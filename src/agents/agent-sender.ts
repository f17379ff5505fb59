/** Sends a customer what an agent answers. */
import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { Places } from '../kernel/places.js';
import type { OpenBot } from '../registry/bots/known-bots.js';
import { AnswerLost } from '../wecom/client/own-calls.js';
import { COUNTED_ERRCODES, ERRCODE } from '../wecom/client/wecom-answer.js';
import { KfCalls } from '../wecom/calls/kf-calls.js';
import { SessionCalls } from '../wecom/calls/session-calls.js';

const API = 'kf/send_msg';
/** For each corp. More would wait for a connection all the same, or be refused before WeCom is asked. */
const AT_ONCE = 16;
/** Codes of customer service: this customer may not be sent that now, however often it is tried. */
const OF_CUSTOMER_SERVICE = { first: 95_000, last: 95_099 };

/**
 * `refused`: WeCom will not send that, and it need not be tried again. `unclear`: the same, but WeCom may have sent it before, so what
 * follows it may be sent. `failed`: it may be sent later.
 */
export type SendResult =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'unclear'; readonly errcode: number }
  | { readonly outcome: 'refused'; readonly errcode: number }
  | { readonly outcome: 'failed'; readonly reason: string; readonly retryAfterMs?: number };

export interface AgentText {
  readonly openKfId: string;
  /** The `external_userid`. */
  readonly customer: string;
  /** Always the same for the same text: WeCom does not send it twice. */
  readonly msgid: string;
  readonly text: string;
  /** Whether it may have been sent before. */
  readonly isRepeated: boolean;
}

@Injectable()
export class AgentSender {
  /** By corp. */
  readonly #places = new Places();

  constructor(
    private readonly calls: KfCalls,
    private readonly sessions: SessionCalls,
  ) {}

  /** Never rejects. */
  async send(bot: OpenBot, text: AgentText): Promise<SendResult> {
    const free = await this.#places.take(bot.corpId, AT_ONCE);
    return this.#send(bot, text).finally(free);
  }

  /** @param isWanted is asked when nothing else has to be waited for. @returns `null` if it is not. Rejects as that does. */
  async sendIf(bot: OpenBot, text: AgentText, isWanted: () => Promise<boolean>): Promise<SendResult | null> {
    const free = await this.#places.take(bot.corpId, AT_ONCE);
    try {
      return (await isWanted()) ? await this.#send(bot, text) : null;
    } finally {
      free();
    }
  }

  async #send(bot: OpenBot, { openKfId, customer, msgid, text, isRepeated }: AgentText): Promise<SendResult> {
    const { id: botId, corpId } = bot;
    const { corpSecret } = bot.secrets;
    const body = { touser: customer, open_kfid: openKfId, msgid, msgtype: 'text', text: { content: text } };
    try {
      const followed = await this.sessions.begin(bot, API, body);
      const answer = await this.calls
        .call({ corpId, corpSecret, botId, api: API, openKfId, touser: customer, body, trace: null })
        .catch((error: unknown) => {
          if (!(error instanceof AnswerLost)) followed?.notSent();
          throw error;
        });
      if ('retryAfterS' in answer) {
        followed?.notSent();
        const retryAfterMs = answer.retryAfterS * 1_000;
        return { outcome: 'failed', reason: "WeCom's limit of calls is reached", retryAfterMs };
      }
      const errcode = 'fields' in answer ? 0 : answer.errcode;
      followed?.answered(errcode);
      if (errcode === 0) return { outcome: 'sent' };
      if (errcode === ERRCODE.parameterWrong && isRepeated) return { outcome: 'sent' };
      // No code that is known says so. Tried for days, it would hold up all that the customer writes.
      if (isRepeated && !COUNTED_ERRCODES.includes(errcode)) return { outcome: 'unclear', errcode };
      const { first, last } = OF_CUSTOMER_SERVICE;
      const isFinal = errcode === ERRCODE.parameterWrong || (errcode >= first && errcode <= last);
      return isFinal
        ? { outcome: 'refused', errcode }
        : { outcome: 'failed', reason: `WeCom refuses the answer (errcode ${errcode})` };
    } catch (error) {
      const why = error instanceof AppError ? (error.detail ?? error.code) : 'an error in the manager';
      return { outcome: 'failed', reason: `WeCom cannot be asked to send the answer: ${why}` };
    }
  }
}

/** @param part tells what is sent for the same message apart. */
export function msgidOf(webhookId: string, part: string): string {
  return hash('sha256', `${webhookId} ${part}`, 'base64url').slice(0, 32);
}
