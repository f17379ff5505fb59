import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { StoreClock } from '../kernel/store-clock.js';
import { AgentLog, type AnsweredMessage } from './agent-log.js';
import { Conversations, sent } from './conversations.js';
import type { ReadyBot } from './ready-bot.js';
import { Replies } from './replies.js';
import { msgidOf, Sending } from './sending.js';

/** A customer who writes on meanwhile is not told again. */
const ONCE_IN_MS = 600_000;

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
   * Once for a message, however often it is called. Never rejects: while the store does not answer, nobody is told.
   * @param customer the `external_userid`. @param user see `userOf`.
   */
  async tell(bot: ReadyBot, message: AnsweredMessage, customer: string, user: string): Promise<void> {
    try {
      await this.#tell(bot, message, customer, user);
    } catch (error) {
      if (!(error instanceof AppError)) this.log.failed(message, error);
    }
  }

  async #tell(bot: ReadyBot, message: AnsweredMessage, customer: string, user: string): Promise<void> {
    const { webhookId, openKfId } = message;
    if (bot.paused === true || bot.agent.fallback === '') return;
    const nowMs = this.storeClock.nowMs();
    const { toldToWaitAtMs, toldToWaitFor } = await this.conversations.find(bot, user);
    if (toldToWaitFor === webhookId || nowMs - toldToWaitAtMs < ONCE_IN_MS) return;
    if ((await this.replies.find(webhookId)) !== null) return;
    const msgid = msgidOf(webhookId, 'fallback');
    const text = { openKfId, customer, msgid, text: bot.agent.fallback, isRepeated: true };
    const { outcome } = await this.sending.send(bot, text);
    if (outcome === 'failed') return;
    const isSent = outcome === 'sent';
    await this.conversations.change(bot, user, (before) =>
      before.toldToWaitFor === webhookId
        ? before
        : {
            ...(isSent ? { ...sent(before, 1, nowMs), toldToWaitAtMs: nowMs } : before),
            toldToWaitFor: webhookId,
          },
    );
    if (isSent) this.log.toldToWait(message);
  }
}
