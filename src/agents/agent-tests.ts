import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { cutInParts } from './answer/parts.js';
import { SENDS_MAX } from './conversations.js';
import { type QuestionResult, resultOf, toNotTaken } from './reasons.js';
import { type Service, ServiceClient } from './service/service-client.js';

/** Stands for the customer in a test. No customer has it. */
const TESTER = 'wxkf-manager-test';

/** What the service of an agent said to a test. */
export interface AgentTestResult {
  readonly result: QuestionResult;
  /** What a customer would be sent; `[]` where there is no answer. */
  readonly parts: readonly string[];
  readonly durationMs: number;
  /** That the service named; `null` where it named none. */
  readonly tokens: number | null;
  /** Why there is no answer, and the remedy; `null` where there is one. */
  readonly fault: string | null;
}

/** Tries services of agents, as operators set them up. No customer is sent anything, and nothing is kept. */
@Injectable()
export class AgentTests {
  constructor(
    private readonly client: ServiceClient,
    private readonly clock: Clock,
  ) {}

  /** Asks one question, in a new conversation. It never throws: that there is no answer is a result. */
  async ask(service: Service, text: string): Promise<AgentTestResult> {
    const startedMs = this.clock.elapsedMs();
    const { answer } = this.client.ask(service, {
      text,
      user: TESTER,
      conversationId: null,
      history: [],
      newConversationId: `${TESTER}-${this.clock.nowMs()}`,
    });
    const ended = await answer;
    const durationMs = this.clock.elapsedMs() - startedMs;
    const result = resultOf(ended);
    if (!('said' in ended))
      return { result, parts: [], durationMs, tokens: null, fault: toNotTaken(ended).reason };
    const { text: said, tokens } = ended.said;
    return { result, parts: cutInParts(said, SENDS_MAX), durationMs, tokens, fault: null };
  }
}
