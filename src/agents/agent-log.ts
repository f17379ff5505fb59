import { Inject, Injectable } from '@nestjs/common';
import { HealthyLogLines } from '../kernel/healthy-log-lines.js';
import { LOG, type Log } from '../kernel/log.js';
import type { AgentForm } from '../registry/bots/agent.dto.js';
import type { QuestionResult } from './reasons.js';

const ASKED = 'agent.asked';

/** The message that is answered. */
export interface AnsweredMessage {
  readonly openKfId: string;
  readonly corpId: string;
  /** The id of the bot. */
  readonly bot: string;
  readonly webhookId: string;
}

/** Log lines about agents, without what customers or services say. */
@Injectable()
export class AgentLog {
  constructor(
    @Inject(LOG) private readonly log: Log,
    private readonly healthyLogLines: HealthyLogLines,
  ) {}

  /** @param tokens `null` where the service named none. */
  asked(
    message: AnsweredMessage,
    form: AgentForm,
    result: QuestionResult,
    serviceMs: number,
    tokens: number | null,
  ): void {
    const isHealthy = result === 'answered';
    if (isHealthy && !this.healthyLogLines.takes(ASKED)) return;
    this.log.info(
      {
        ...message,
        form,
        result,
        serviceMs: Math.round(serviceMs),
        ...(tokens !== null && { tokens }),
        ...(isHealthy && { oneIn: this.healthyLogLines.oneIn }),
      },
      ASKED,
    );
  }

  /** WeCom will not send the answer. */
  unsent(message: AnsweredMessage, errcode: number): void {
    this.log.warn({ ...message, errcode }, 'agent.unsent');
  }

  /** The customer was sent the bot's `fallback`. */
  toldToWait(message: AnsweredMessage): void {
    this.log.info(message, 'agent.told_to_wait');
  }

  /** The customer could not be handed over. */
  notHandedOver(message: AnsweredMessage): void {
    this.log.warn(message, 'agent.not_handed_over');
  }

  failed(message: AnsweredMessage, err: unknown): void {
    this.log.error({ ...message, err }, 'agent.failed');
  }
}
