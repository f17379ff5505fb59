import { Inject, Injectable } from '@nestjs/common';
import type { AttemptResult } from '../dispatch/line/attempt.js';
import type { Failure, Occasion } from '../dispatch/outbox/hint.js';
import { HealthyLines } from '../kernel/healthy-lines.js';
import { LOG, type Log } from '../kernel/log.js';
import { type MessageHead, webhookIdOf } from '../dispatch/queue/message.js';

const ATTEMPTED = 'message.attempted';

/** Log lines about messages, without what they say or who wrote them. */
@Injectable()
export class MessageLog {
  constructor(
    @Inject(LOG) private readonly log: Log,
    private readonly healthyLines: HealthyLines,
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
    if (taken && !this.healthyLines.takes(ATTEMPTED)) return;
    const { openKfId, corpId, type } = message;
    const outcome = taken
      ? { botStatus: result.status, oneIn: this.healthyLines.oneIn }
      : { stage: result.stage, reason: result.reason };
    const what = { openKfId, corpId, bot, webhookId: webhookIdOf(message), type, attempt };
    this.log.info(
      {
        ...what,
        ...(occasion !== null && { occasion }),
        durationMs: Math.round(durationMs),
        taken,
        ...outcome,
      },
      ATTEMPTED,
    );
  }

  /** The bot answered well, and did not pull what it was told of. */
  unpulled({ openKfId, corpId, type, ...message }: MessageHead, attempt: number, reason: string): void {
    const webhookId = webhookIdOf({ openKfId, corpId, ...message });
    this.log.warn({ openKfId, corpId, webhookId, type, attempt, reason }, 'message.unpulled');
  }

  /** The bot did not read the answer to its pull: it is told of the message again. */
  unread({ openKfId, corpId, type, ...message }: MessageHead, attempt: number, reason: string): void {
    const webhookId = webhookIdOf({ openKfId, corpId, ...message });
    this.log.warn({ openKfId, corpId, webhookId, type, attempt, reason }, 'message.unread');
  }

  /** The same, and the store cannot be told. */
  lost({ openKfId, corpId, type, ...message }: MessageHead, attempt: number, reason: string): void {
    const webhookId = webhookIdOf({ openKfId, corpId, ...message });
    this.log.error({ openKfId, corpId, webhookId, type, attempt, reason }, 'message.lost');
  }

  buried(message: MessageHead, { stage, reason, atMs }: Failure): void {
    const { openKfId, corpId, type, attempts, storedAtMs } = message;
    const ageS = Math.round((atMs - storedAtMs) / 1_000);
    const what = { openKfId, corpId, webhookId: webhookIdOf(message), type, attempts, ageS, stage, reason };
    this.log.warn(what, 'message.buried');
  }
}
