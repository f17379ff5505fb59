/** Carries messages to agents: asks the service about a customer's message, and sends the customer its answer. */
import { Injectable } from '@nestjs/common';
import { type CarrierCriteria, Carrier } from '../dispatch/endpoint/carrier.js';
import { type Attempt, type AttemptResult, failedAttempt, type OnEnd } from '../dispatch/endpoint/attempt.js';
import type { MessageBody, Parcel } from '../dispatch/endpoint/parcel.js';
import { customerKey } from '../kernel/account.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { failpoint } from '../kernel/failpoint.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { Destination } from '../registry/accounts/destination.js';
import { isOpen } from '../registry/bots/bot.js';
import type { AgentBot } from '../registry/bots/known-bots.js';
import type { Endpoint } from '../registry/endpoint/endpoint.js';
import { People } from '../wecom/calls/people.js';
import { AgentLog, type AnsweredMessage } from './agent-log.js';
import { AgentMetrics } from './agent-metrics.js';
import { cutInParts } from './answer/parts.js';
import type { CustomerAnswer } from './answer/plain-text.js';
import { type Conversation, Conversations, reset, sendsLeft, sent } from './conversations.js';
import { Fallbacks, type WaitingMessage } from './fallbacks.js';
import type { Question, PartialAnswer } from './forms/form.js';
import { type CustomerMessage, readCustomerMessage } from './question.js';
import { resultOf, toNotTaken } from './reasons.js';
import { NOTHING, Replies, type Reply } from './replies.js';
import { msgidOf, AgentSender } from './agent-sender.js';
import type { Answer, OpenQuestion } from './service/call.js';
import { ServiceClient } from './service/service-client.js';

/** How often a customer is told that only text is understood. */
const TEXT_ONLY_ONCE_IN_MS = 60_000;
/** How much of an answer is remembered for the next question. */
const REMEMBERED_LENGTH_MAX = 4_096;

const TAKEN: AttemptResult = { taken: true, status: 200 };
const UNASKED: AttemptResult = { ...TAKEN, isUnasked: true };

type To = Pick<Destination, 'bot' | 'endpoint'>;
type MessageParcel = Parcel & { readonly body: MessageBody };

/** A message on its way to its answer. */
interface Asked extends WaitingMessage {
  /** Of the service. */
  readonly endpoint: Endpoint;
  readonly conversation: Conversation;
  /** Learns of each question to the service. */
  readonly onAsking: (asking: OpenQuestion) => void;
}

@Injectable()
export class AgentCarrier extends Carrier {
  constructor(
    private readonly client: ServiceClient,
    private readonly conversations: Conversations,
    private readonly replies: Replies,
    private readonly sending: AgentSender,
    private readonly fallbacks: Fallbacks,
    private readonly metrics: AgentMetrics,
    private readonly log: AgentLog,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    private readonly people: People,
  ) {
    super();
  }

  override takes({ bot, isPulled }: CarrierCriteria): boolean {
    return !isPulled && bot?.kind === 'agent';
  }

  override start(parcel: Parcel, { bot, endpoint }: To, onEnd: OnEnd): Attempt {
    if (bot?.kind !== 'agent' || !isOpen(bot) || endpoint === null || !isMessage(parcel))
      return failedAttempt('endpoint', 'the bot has no service that can be asked', onEnd);
    let asking: OpenQuestion | null = null;
    const result = this.#answerSafely(bot, endpoint, parcel, (now) => (asking = now)).then((ended) => {
      onEnd(ended);
      return ended;
    });
    return { result, withdraw: () => asking?.withdraw() ?? false };
  }

  override async tellToWait(parcel: Parcel, { bot, endpoint }: To): Promise<boolean> {
    if (bot?.kind !== 'agent' || !isOpen(bot) || endpoint === null || !isMessage(parcel)) return true;
    const said = readCustomerMessage(parcel.body.content);
    // What is no text needs no service.
    if (said === null || said.text === null) return true;
    const { customer } = said;
    const atMs = this.storeClock.nowMs() - parcel.ageMs;
    return this.fallbacks.tell({
      bot,
      logged: toLogged(bot, parcel),
      customer,
      user: customerKey(parcel, customer),
      atMs,
    });
  }

  async #answerSafely(
    bot: AgentBot,
    endpoint: Endpoint,
    parcel: MessageParcel,
    onAsking: Asked['onAsking'],
  ): Promise<AttemptResult> {
    const logged = toLogged(bot, parcel);
    try {
      return await this.#answer(bot, endpoint, parcel, logged, onAsking);
    } catch (error) {
      // It is safe to repeat: WeCom refuses a part that it had before.
      if (!(error instanceof AppError)) this.log.failed(logged, error);
      return { taken: false, stage: 'withdrawn', reason: 'the store does not answer' };
    }
  }

  async #answer(
    bot: AgentBot,
    endpoint: Endpoint,
    parcel: MessageParcel,
    logged: AnsweredMessage,
    onAsking: Asked['onAsking'],
  ): Promise<AttemptResult> {
    const { id, body, ageMs } = parcel;
    const said = readCustomerMessage(body.content);
    if (said === null) return UNASKED;
    const known = await this.replies.find(id);
    if (known?.isSent === true) return TAKEN;
    const { customer } = said;
    const user = customerKey(parcel, customer);
    const conversation = await this.conversations.find(bot, user);
    const atMs = this.storeClock.nowMs() - ageMs;
    const asked: Asked = { bot, endpoint, logged, customer, user, conversation, atMs, onAsking };
    if (known !== null) return this.#send(asked, known, true);
    const own = await this.#ownReply(asked, said);
    const reply = own ?? (await this.#replyTo(asked, said));
    if ('taken' in reply) return reply;
    // After a lapsed lease, another manager may have asked as well.
    const earlier = await this.replies.keep(id, reply);
    failpoint('agent.answered');
    if (earlier?.isSent === true) return TAKEN;
    const ended = await this.#send(asked, earlier ?? reply, earlier !== null);
    return own !== null && ended.taken ? UNASKED : ended;
  }

  /** @returns `null` where the service is to be asked. */
  async #ownReply({ bot, user, conversation }: Asked, { text }: CustomerMessage): Promise<Reply | null> {
    const { agent } = bot;
    if (text === null) {
      const nowMs = this.storeClock.nowMs();
      const wasTold = nowMs - conversation.toldTextOnlyAtMs < TEXT_ONLY_ONCE_IN_MS;
      if (agent.unsupported === '' || wasTold) return NOTHING;
      return { ...NOTHING, parts: [agent.unsupported], isUnsupported: true };
    }
    if (agent.reset.some((word) => isSame(word, text))) {
      await this.conversations.change(bot, user, reset);
      return { ...NOTHING, parts: [resetWords(text)] };
    }
    return null;
  }

  async #replyTo(asked: Asked, { text }: CustomerMessage): Promise<Reply | AttemptResult> {
    const { bot, user } = asked;
    if (text === null) return NOTHING;
    const answer = await this.#ask(asked, text);
    if (!('said' in answer)) return toNotTaken(answer);
    // Meanwhile the customer may have been told to wait.
    const now = await this.conversations.find(bot, user);
    return this.#toReply({ ...asked, conversation: now }, text, answer.said);
  }

  /** A conversation that the service has forgotten is begun anew, once. */
  async #ask(asked: Asked, text: string): Promise<Answer> {
    const { bot, user, conversation, logged } = asked;
    const { agent } = bot;
    const question: Question = {
      ...{ text, user, conversationId: conversation.id, newConversationId: logged.webhookId },
      history: agent.history === 0 ? [] : conversation.history.slice(-agent.history),
    };
    const answer = await this.#askOnce(asked, question);
    const isGone = 'refused' in answer && answer.refused.refusal === 'conversation';
    return isGone && conversation.id !== null
      ? this.#askOnce(asked, { ...question, conversationId: null })
      : answer;
  }

  async #askOnce({ bot, endpoint, logged, onAsking }: Asked, question: Question): Promise<Answer> {
    const { agent, secrets } = bot;
    const startedMs = this.clock.elapsedMs();
    const asking = this.client.ask({ endpoint, settings: agent, key: secrets.agentKey }, question);
    onAsking(asking);
    const answer = await asking.answer;
    const durationMs = this.clock.elapsedMs() - startedMs;
    const tokens = 'said' in answer ? answer.said.tokens : null;
    this.metrics.asked(resultOf(answer), durationMs, tokens);
    this.log.asked(logged, agent.form, resultOf(answer), durationMs, tokens);
    return answer;
  }

  #toReply(
    { bot, logged, conversation, atMs }: Asked,
    question: string,
    { text, handsOver, conversationId }: PartialAnswer & CustomerAnswer,
  ): Reply {
    const { history, form } = bot.agent;
    // People who take over may greet the customer, too.
    const countMax = sendsLeft(conversation, atMs) - Number(handsOver);
    return {
      ...NOTHING,
      parts: cutInParts(text, Math.max(1, countMax)),
      handsOver,
      conversationId: form === 'fastgpt' ? (conversation.id ?? logged.webhookId) : conversationId,
      exchanged: history === 0 ? null : { question, answer: text.slice(0, REMEMBERED_LENGTH_MAX) },
    };
  }

  /** @param isRepeated whether some of it may have been sent before. */
  async #send(asked: Asked, reply: Reply, isRepeated: boolean): Promise<AttemptResult> {
    const { bot, logged, customer, user } = asked;
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
    const failed = reply.handsOver ? await this.#handOver(asked) : null;
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
  async #handOver({ bot, logged, customer }: Asked): Promise<AttemptResult | null> {
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

function isMessage(parcel: Parcel): parcel is MessageParcel {
  return parcel.body.kind === 'message';
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
    ...{ id: conversationId ?? before.id, history },
    ...(isAnswer && { toldToWaitUntilMs: 0, tellingUntilMs: 0 }),
    toldTextOnlyAtMs: isUnsupported ? nowMs : before.toldTextOnlyAtMs,
  };
}

function toLogged(bot: AgentBot, { id: webhookId, openKfId, corpId }: Parcel): AnsweredMessage {
  return { openKfId, corpId, bot: bot.id, webhookId };
}

function isSame(word: string, text: string): boolean {
  return word.trim().toLowerCase() === text.trim().toLowerCase();
}

/** In the language of the word that asked for it. */
function resetWords(text: string): string {
  return /\p{Script=Han}/u.test(text) ? '好的，我们开始新的对话。' : 'All right, let us begin anew.';
}
