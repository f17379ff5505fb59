import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { Clock, type Timer } from '../kernel/clock.js';
import { StoreClock } from '../kernel/store-clock.js';
import { KnownBots } from '../registry/bots/known-bots.js';
import { AgentLog, type AnsweredMessage } from './agent-log.js';
import { Conversations, sent } from './conversations.js';
import { isReady } from './ready-bot.js';
import { Replies } from './replies.js';
import { msgidOf, Sending } from './sending.js';

/** A customer who writes on meanwhile is not told again. */
const ONCE_IN_MS = 600_000;

/** Tells customers to wait whose answers take long. */
@Injectable()
export class Fallbacks {
  /** By the webhook id of the message. A timer goes on between the attempts to answer it. */
  readonly #timers = new Map<string, Timer>();

  constructor(
    private readonly bots: KnownBots,
    private readonly conversations: Conversations,
    private readonly replies: Replies,
    private readonly sending: Sending,
    private readonly log: AgentLog,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * The service is asked about the message.
   * @param customer the `external_userid`. @param user see `userOf`. @param leftMs how long the customer may wait for the answer.
   */
  asked(message: AnsweredMessage, customer: string, user: string, leftMs: number): void {
    const { webhookId } = message;
    if (this.#timers.has(webhookId)) return;
    const tell = (): void => {
      this.#timers.delete(webhookId);
      this.#tell(message, customer, user).catch((error: unknown) => {
        // While the store does not answer, nobody is told.
        if (!(error instanceof AppError)) this.log.failed(message, error);
      });
    };
    this.#timers.set(webhookId, this.clock.after(Math.max(0, leftMs), tell));
  }

  /** There is an answer. */
  answered(webhookId: string): void {
    this.#timers.get(webhookId)?.cancel();
    this.#timers.delete(webhookId);
  }

  async #tell(message: AnsweredMessage, customer: string, user: string): Promise<void> {
    const { webhookId, openKfId, bot: botId } = message;
    const bot = this.bots.find(botId);
    if (bot === null || !isReady(bot) || bot.paused === true || bot.agent.fallback === '') return;
    const nowMs = this.storeClock.nowMs();
    const { toldToWaitAtMs } = await this.conversations.find(bot, user);
    if (nowMs - toldToWaitAtMs < ONCE_IN_MS || (await this.replies.find(webhookId)) !== null) return;
    const msgid = msgidOf(webhookId, 'fallback');
    const text = { openKfId, customer, msgid, text: bot.agent.fallback, isRepeated: true };
    const { outcome } = await this.sending.send(bot, text);
    if (outcome !== 'sent') return;
    await this.conversations.change(bot, user, (before) => ({
      ...sent(before, 1, nowMs),
      toldToWaitAtMs: nowMs,
    }));
    this.log.toldToWait(message);
  }
}
