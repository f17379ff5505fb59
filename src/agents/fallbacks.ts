import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { StoreClock } from '../kernel/store-clock.js';
import { AgentLog, type AnsweredMessage } from './agent-log.js';
import { type Conversation, Conversations, sendsLeft, sent } from './conversations.js';
import type { ReadyBot } from './ready-bot.js';
import { Replies } from './replies.js';
import { msgidOf, Sending } from './sending.js';

/** A customer who writes on meanwhile is not told again. */
const ONCE_IN_MS = 600_000;

/** A customer's message that waits for its answer. */
export interface WaitingMessage {
  readonly bot: ReadyBot;
  readonly logged: AnsweredMessage;
  /** The `external_userid`. */
  readonly customer: string;
  /** See `customerKey`. */
  readonly user: string;
  /** When the customer sent it, store time. */
  readonly atMs: number;
}

/** Tells customers to wait whose answers take long. */
@Injectable()
export class Fallbacks {
  constructor(
    private readonly conversations: Conversations,
    private readonly replies: Replies,
    private readonly sending: Sending,
    private readonly log: AgentLog,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * Once for a message, however often it is called. Never rejects.
   * @returns false where it may be tried again: WeCom or the store could not be asked.
   */
  async tell(message: WaitingMessage): Promise<boolean> {
    try {
      return await this.#tell(message);
    } catch (error) {
      if (error instanceof AppError) return false;
      this.log.failed(message.logged, error);
      return true;
    }
  }

  async #tell({ bot, logged, customer, user, atMs }: WaitingMessage): Promise<boolean> {
    const { webhookId, openKfId } = logged;
    const { fallback } = bot.agent;
    if (bot.paused === true || fallback === '') return true;
    const isUnanswered = async () => (await this.replies.find(webhookId)) === null;
    if (!(await isUnanswered())) return true;
    const nowMs = this.storeClock.nowMs();
    const earlier = await this.#claim(bot, user, atMs, nowMs);
    if (earlier === null) return true;
    const msgid = msgidOf(webhookId, 'fallback');
    const text = { openKfId, customer, msgid, text: fallback, isRepeated: true };
    // Another manager may have the answer meanwhile, which goes out at once.
    const sending = await this.sending.sendIf(bot, text, isUnanswered);
    const outcome = sending?.outcome ?? 'unwanted';
    await this.conversations.change(bot, user, (before) => {
      if (outcome === 'sent') return sent(before, 1, nowMs);
      const { toldToWaitAtMs, toldToWaitUntilMs } = earlier;
      const isUntold = outcome === 'failed' || outcome === 'unwanted';
      return { ...before, toldToWaitUntilMs, ...(isUntold && { toldToWaitAtMs }) };
    });
    if (outcome === 'sent') this.log.toldToWait(logged);
    return outcome !== 'failed';
  }

  /** Two of the customer's messages may have waited for too long at the same time: one telling is for both. @returns `null` then. */
  async #claim(bot: ReadyBot, user: string, atMs: number, nowMs: number): Promise<Conversation | null> {
    let earlier: Conversation | null = null;
    await this.conversations.change(bot, user, (before) => {
      const { toldToWaitAtMs, toldToWaitUntilMs } = before;
      const isTold = atMs <= toldToWaitAtMs || nowMs < toldToWaitUntilMs;
      // The last message that WeCom lets follow is for the answer.
      earlier = isTold || sendsLeft(before, atMs) < 2 ? null : before;
      return earlier === null
        ? before
        : { ...before, toldToWaitAtMs: nowMs, toldToWaitUntilMs: nowMs + ONCE_IN_MS };
    });
    return earlier;
  }
}
