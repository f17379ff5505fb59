import { Injectable } from '@nestjs/common';
import type { AttemptResult } from '../dispatch/endpoint/attempt.js';
import { AppError } from '../kernel/app-error.js';
import { failpoint } from '../kernel/failpoint.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { AgentBot } from '../registry/bots/known-bots.js';
import { People } from '../wecom/calls/people.js';
import { AgentLog } from './agent-log.js';
import { msgidOf, AgentSender } from './agent-sender.js';
import { type Conversation, Conversations, sent } from './conversations.js';
import type { WaitingMessage } from './fallbacks.js';
import { Replies, type Reply } from './replies.js';

const TAKEN: AttemptResult = { taken: true, status: 200 };

/** Sends a customer all parts of a reply, hands the customer over where it says so, and notes both in the conversation. */
@Injectable()
export class ReplySender {
  constructor(
    private readonly conversations: Conversations,
    private readonly replies: Replies,
    private readonly sending: AgentSender,
    private readonly people: People,
    private readonly log: AgentLog,
    private readonly storeClock: StoreClock,
  ) {}

  /** @param isRepeated whether some of it may have been sent before. */
  async send(message: WaitingMessage, reply: Reply, isRepeated: boolean): Promise<AttemptResult> {
    const { bot, logged, customer, user } = message;
    const { webhookId, openKfId } = logged;
    let count = 0;
    for (const [n, text] of reply.parts.entries()) {
      const msgid = msgidOf(webhookId, String(n));
      const outcome = await this.sending.send(bot, { openKfId, customer, msgid, text, isRepeated });
      if (outcome.outcome === 'failed') {
        const { reason, retryAfterMs } = outcome;
        return { taken: false, stage: 'reply', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
      }
      if (outcome.outcome !== 'sent') this.log.unsent(logged, outcome.errcode);
      if (outcome.outcome === 'refused') break;
      count++;
      failpoint('agent.sent');
    }
    const failed = reply.handsOver ? await this.#handOver(message) : null;
    if (failed !== null) return failed;
    if (count > 0 || reply.exchanged !== null)
      await this.conversations.change(bot, user, (before) =>
        before.answeredFor === webhookId
          ? before
          : { ...after(before, bot, reply, count, this.storeClock.nowMs()), answeredFor: webhookId },
      );
    await this.replies.sent(webhookId);
    return TAKEN;
  }

  /** @returns why it is to be tried again; `null` where it is done, or cannot be done. */
  async #handOver({ bot, logged, customer }: WaitingMessage): Promise<AttemptResult | null> {
    const { openKfId, webhookId } = logged;
    try {
      if (!(await this.people.handOver(bot, openKfId, customer, webhookId))) this.log.notHandedOver(logged);
      return null;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'WECOM_UNREACHABLE') throw error;
      return { taken: false, stage: 'reply', reason: 'WeCom cannot be asked to hand the customer over' };
    }
  }
}

function after(
  before: Conversation,
  { agent }: AgentBot,
  reply: Reply,
  count: number,
  nowMs: number,
): Conversation {
  const { conversationId, exchanged, isUnsupported } = reply;
  const history = exchanged === null ? before.history : [...before.history, exchanged].slice(-agent.history);
  const isAnswer = conversationId !== null || exchanged !== null || count > 0;
  return {
    ...sent(before, count, nowMs),
    id: conversationId ?? before.id,
    history,
    ...(isAnswer && { toldToWaitUntilMs: 0, tellingUntilMs: 0 }),
    toldTextOnlyAtMs: isUnsupported ? nowMs : before.toldTextOnlyAtMs,
  };
}
