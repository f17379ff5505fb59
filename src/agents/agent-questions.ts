import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import type { Endpoint } from '../registry/endpoint/endpoint.js';
import { AgentLog } from './agent-log.js';
import { AgentMetrics } from './agent-metrics.js';
import type { Conversation } from './conversations.js';
import type { WaitingMessage } from './fallbacks.js';
import type { Question } from './forms/form.js';
import { resultOf } from './reasons.js';
import type { Answer, OpenQuestion } from './service/call.js';
import { ServiceClient } from './service/service-client.js';

/** A message on its way to its answer. */
export interface AgentMessage extends WaitingMessage {
  /** Of the service. */
  readonly endpoint: Endpoint;
  readonly conversation: Conversation;
  /** Learns of each question to the service. */
  readonly onAsking: (asking: OpenQuestion) => void;
}

/** Asks the service of an agent about customers' messages. */
@Injectable()
export class AgentQuestions {
  constructor(
    private readonly client: ServiceClient,
    private readonly metrics: AgentMetrics,
    private readonly log: AgentLog,
    private readonly clock: Clock,
  ) {}

  /** A conversation that the service has forgotten is begun anew, once. */
  async ask(message: AgentMessage, text: string): Promise<Answer> {
    const { bot, user, conversation, logged } = message;
    const { agent } = bot;
    const question: Question = {
      text,
      user,
      conversationId: conversation.id,
      newConversationId: logged.webhookId,
      history: agent.history === 0 ? [] : conversation.history.slice(-agent.history),
    };
    const answer = await this.#askOnce(message, question);
    const isGone = 'refused' in answer && answer.refused.refusal === 'conversation';
    return isGone && conversation.id !== null
      ? this.#askOnce(message, { ...question, conversationId: null })
      : answer;
  }

  async #askOnce({ bot, endpoint, logged, onAsking }: AgentMessage, question: Question): Promise<Answer> {
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
}
