import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { AgentBot } from '../registry/bots/known-bots.js';
import { AgentLog, type AnsweredMessage } from './agent-log.js';
import { Conversations, sendsLeft, sent } from './conversations.js';
import { Replies } from './replies.js';
import { msgidOf, AgentSender } from './agent-sender.js';

/** A customer who writes on meanwhile is not told again. */
const ONCE_IN_MS = 600_000;
/** Longer than a call of WeCom may take. What is busy is tried again for longer than that. */
const TELLING_MS = 15_000;

/** A customer's message that waits for its answer. */
export interface WaitingMessage {
  readonly bot: AgentBot;
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
    private readonly sending: AgentSender,
    private readonly log: AgentLog,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * Once for a message, however often it is called. Never rejects.
   * @returns false where it is to be tried again: WeCom or the store could not be asked, or the customer is being told now.
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
    if (bot.paused || fallback === '') return true;
    const isUnanswered = async () => (await this.replies.find(webhookId)) === null;
    if (!(await isUnanswered())) return true;
    const nowMs = this.storeClock.nowMs();
    const tellingUntilMs = nowMs + TELLING_MS;
    const claimed = await this.#claim(bot, user, atMs, nowMs, tellingUntilMs);
    if (claimed !== 'claimed') return claimed === 'needless';
    const msgid = msgidOf(webhookId, 'fallback');
    const text = { openKfId, customer, msgid, text: fallback, isRepeated: true };
    // Another manager may have the answer meanwhile, which goes out at once.
    const sending = await this.sending.sendIf(bot, text, isUnanswered);
    const outcome = sending?.outcome ?? 'unwanted';
    await this.conversations.change(bot, user, (before) => {
      // An answer may have come, or the claim may have lapsed.
      const isClaimed = before.tellingUntilMs === tellingUntilMs;
      const now = isClaimed ? { ...before, tellingUntilMs: 0 } : before;
      if (outcome === 'failed' || outcome === 'unwanted') return now;
      const told = { ...now, toldToWaitAtMs: Math.max(before.toldToWaitAtMs, nowMs) };
      if (outcome !== 'sent') return told;
      return { ...sent(told, 1, nowMs), ...(isClaimed && { toldToWaitUntilMs: nowMs + ONCE_IN_MS }) };
    });
    if (outcome === 'sent') this.log.toldToWait(logged);
    return outcome !== 'failed';
  }

  /**
   * Two of the customer's messages may have waited for too long at the same time, and two managers may look after each: one telling is
   * for all. The claim of a process that dies, or that the store leaves alone, lapses.
   */
  async #claim(
    bot: AgentBot,
    user: string,
    atMs: number,
    nowMs: number,
    tellingUntilMs: number,
  ): Promise<'claimed' | 'needless' | 'busy'> {
    let result: 'claimed' | 'needless' | 'busy' = 'busy';
    await this.conversations.change(bot, user, (before) => {
      const isTold = atMs <= before.toldToWaitAtMs || nowMs < before.toldToWaitUntilMs;
      // The last message that WeCom lets follow is for the answer.
      const isNeedless = isTold || sendsLeft(before, atMs) < 2;
      result = isNeedless ? 'needless' : nowMs < before.tellingUntilMs ? 'busy' : 'claimed';
      return result === 'claimed' ? { ...before, tellingUntilMs } : before;
    });
    return result;
  }
}
