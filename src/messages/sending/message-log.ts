import { Inject, Injectable } from '@nestjs/common';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import { LOG, type Log } from '../../kernel/log.js';
import { toEnd, type WithheldOutcome } from '../../log/delivery-record.js';
import { DeliveryRecorder } from '../../log/delivery-recorder.js';
import { type MessageHead, webhookIdOf } from '../../queue/message.js';
import type { Failure, Occasion } from '../../queue/failure.js';

const ATTEMPTED = 'message.attempted';

/** Log lines about messages, without what they say or who wrote them, and the ends of messages in the delivery log. */
@Injectable()
export class MessageLog {
  constructor(
    @Inject(LOG) private readonly log: Log,
    private readonly healthyLogLines: HealthyLogLines,
    private readonly recorder: DeliveryRecorder,
  ) {}

  attempted(
    message: MessageHead,
    bot: string,
    attempt: number,
    occasion: Occasion | null,
    durationMs: number,
    result: AttemptResult,
  ): void {
    const { taken } = result;
    if (taken && !this.healthyLogLines.takes(ATTEMPTED)) return;
    const outcome = taken
      ? { botStatus: result.status, oneIn: this.healthyLogLines.oneIn }
      : { stage: result.stage, reason: result.reason };
    const { openKfId, corpId, ...what } = toLogged(message);
    this.log.info(
      {
        openKfId,
        corpId,
        bot,
        ...what,
        attempt,
        ...(occasion !== null && { occasion }),
        durationMs: Math.round(durationMs),
        taken,
        ...outcome,
      },
      ATTEMPTED,
    );
  }

  /** The bot answered its callback with 2xx, and did not pull the message. */
  unpulled(message: MessageHead, attempt: number, reason: string): void {
    this.log.warn({ ...toLogged(message), attempt, reason }, 'message.unpulled');
  }

  /** The bot did not read the answer to its pull, so it is told of the message again. */
  unread(message: MessageHead, attempt: number, reason: string): void {
    this.log.warn({ ...toLogged(message), attempt, reason }, 'message.unread');
  }

  /** The bot did not read the answer to its pull, and the store cannot be told: the message counts as taken. */
  lost(message: MessageHead, attempt: number, reason: string): void {
    this.log.error({ ...toLogged(message), attempt, reason }, 'message.lost');
  }

  /** The bot does not get the message. */
  withheld(message: MessageKey, outcome: WithheldOutcome, atMs: number): void {
    const { corpId, openKfId } = message;
    const ended = { corpId, openKfId, webhookId: webhookIdOf(message), atMs };
    this.#end(outcome, { ...ended, attempt: 0, stage: null, reason: null }, atMs);
  }

  /** The message is dead. */
  buried(message: MessageHead, { stage, reason, atMs }: Failure): void {
    const { attempts, storedAtMs } = message;
    const ageS = Math.round((atMs - storedAtMs) / 1_000);
    const { corpId, openKfId, webhookId, type } = toLogged(message);
    this.log.warn({ openKfId, corpId, webhookId, type, attempts, ageS, stage, reason }, 'message.buried');
    this.#end('dead', { corpId, openKfId, webhookId, atMs, attempt: attempts, stage, reason }, storedAtMs);
  }

  /** An event that the bot refused, and does not get. */
  passedOver(message: MessageHead, { stage, reason, atMs }: Failure): void {
    const { attempts, storedAtMs } = message;
    const { corpId, openKfId, webhookId, type } = toLogged(message);
    this.log.warn({ openKfId, corpId, webhookId, type, attempts, stage, reason }, 'message.passed_over');
    const ended = { corpId, openKfId, webhookId, atMs, attempt: attempts, stage, reason };
    this.#end('passed_over', ended, storedAtMs);
  }

  #end(...ended: Parameters<typeof toEnd>): void {
    this.recorder.add({ ...toEnd(...ended), form: 'message' });
  }
}

type MessageKey = Parameters<typeof webhookIdOf>[0];

/** The fields of a message in each log line. */
export function toLogged(message: MessageHead) {
  const { openKfId, corpId, type } = message;
  return { openKfId, corpId, webhookId: webhookIdOf(message), type };
}
