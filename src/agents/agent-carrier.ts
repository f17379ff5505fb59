/** Carries messages to agents: asks the service about a customer's message, and sends the customer its answer. */
import { Injectable } from '@nestjs/common';
import { type CarrierCriteria, Carrier } from '../dispatch/endpoint/carrier.js';
import { type Attempt, type AttemptResult, failedAttempt, type OnEnd } from '../dispatch/endpoint/attempt.js';
import type { MessageBody, Parcel } from '../dispatch/endpoint/parcel.js';
import { customerKey } from '../kernel/account.js';
import { AppError } from '../kernel/app-error.js';
import { failpoint } from '../kernel/failpoint.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { Destination } from '../registry/accounts/destination.js';
import { isOpen } from '../registry/bots/bot.js';
import type { AgentBot } from '../registry/bots/known-bots.js';
import type { Endpoint } from '../registry/endpoint/endpoint.js';
import { AgentLog, type AnsweredMessage } from './agent-log.js';
import { type AgentMessage, AgentQuestions } from './agent-questions.js';
import { cutInParts } from './answer/parts.js';
import type { CustomerAnswer } from './answer/plain-text.js';
import { Conversations, reset, sendsLeft } from './conversations.js';
import { Fallbacks } from './fallbacks.js';
import type { PartialAnswer } from './forms/form.js';
import { type CustomerMessage, readCustomerMessage } from './question.js';
import { toNotTaken } from './reasons.js';
import { NOTHING, Replies, type Reply } from './replies.js';
import { ReplySender } from './reply-sender.js';
import type { OpenQuestion } from './service/call.js';

/** How often a customer is told that only text is understood. */
const TEXT_ONLY_ONCE_IN_MS = 60_000;
/** How much of an answer is remembered for the next question. */
const REMEMBERED_LENGTH_MAX = 4_096;

const TAKEN: AttemptResult = { taken: true, status: 200 };
const UNASKED: AttemptResult = { ...TAKEN, isUnasked: true };

type To = Pick<Destination, 'bot' | 'endpoint'>;
type MessageParcel = Parcel & { readonly body: MessageBody };

@Injectable()
export class AgentCarrier extends Carrier {
  constructor(
    private readonly questions: AgentQuestions,
    private readonly conversations: Conversations,
    private readonly replies: Replies,
    private readonly sender: ReplySender,
    private readonly fallbacks: Fallbacks,
    private readonly log: AgentLog,
    private readonly storeClock: StoreClock,
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
    onAsking: AgentMessage['onAsking'],
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
    onAsking: AgentMessage['onAsking'],
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
    const asked: AgentMessage = { bot, endpoint, logged, customer, user, conversation, atMs, onAsking };
    if (known !== null) return this.sender.send(asked, known, true);
    const own = await this.#ownReply(asked, said);
    const reply = own ?? (await this.#replyTo(asked, said));
    if ('taken' in reply) return reply;
    // After a lapsed lease, another manager may have asked as well.
    const earlier = await this.replies.keep(id, reply);
    failpoint('agent.answered');
    if (earlier?.isSent === true) return TAKEN;
    const ended = await this.sender.send(asked, earlier ?? reply, earlier !== null);
    return own !== null && ended.taken ? UNASKED : ended;
  }

  /** @returns `null` where the service is to be asked. */
  async #ownReply(
    { bot, user, conversation }: AgentMessage,
    { text }: CustomerMessage,
  ): Promise<Reply | null> {
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

  async #replyTo(asked: AgentMessage, { text }: CustomerMessage): Promise<Reply | AttemptResult> {
    const { bot, user } = asked;
    if (text === null) return NOTHING;
    const answer = await this.questions.ask(asked, text);
    if (!('said' in answer)) return toNotTaken(answer);
    // Meanwhile the customer may have been told to wait.
    const now = await this.conversations.find(bot, user);
    return this.#toReply({ ...asked, conversation: now }, text, answer.said);
  }

  #toReply(
    { bot, logged, conversation, atMs }: AgentMessage,
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
}

function isMessage(parcel: Parcel): parcel is MessageParcel {
  return parcel.body.kind === 'message';
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
