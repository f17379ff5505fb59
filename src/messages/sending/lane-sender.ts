import { Injectable } from '@nestjs/common';
import { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Occasion } from '../../queue/failure.js';
import type { Turn } from '../../queue/message-queue.js';
import { isExpired, type Message } from '../../queue/message.js';
import { LongWaits } from './long-waits.js';
import { MessageAttempts } from './message-attempts.js';
import { type AttemptFailure, MessageOutcomes } from './message-outcomes.js';
import { toParcel } from './message-parcel.js';
import type { ReadyDestination } from './recipients.js';

/** Sends one message to a bot that may take long for it, and stores the outcome. */
@Injectable()
export class LaneSender {
  constructor(
    private readonly botEndpoints: BotEndpoints,
    private readonly outcomes: MessageOutcomes,
    private readonly attempts: MessageAttempts,
    private readonly waits: LongWaits,
    private readonly storeClock: StoreClock,
  ) {}

  /** Whether no further message may begin. */
  get isStopping(): boolean {
    return this.attempts.isStopping;
  }

  /** @throws AppError `STORE_UNAVAILABLE`; the message is sent again once the lease has lapsed. */
  async send(turn: Turn, recipient: ReadyDestination, message: Message, occasion: Occasion): Promise<void> {
    if (isExpired(message, this.storeClock.nowMs())) return this.outcomes.expire(turn, message);
    this.waits.begin(turn, recipient.bot, message);
    const attempt = message.attempts + 1;
    const parcel = toParcel(message, recipient.bot, attempt, this.storeClock.nowMs());
    const { result, durationMs } = await this.attempts.make(parcel, this.botEndpoints.to(recipient));
    this.outcomes.attempted(message, recipient.bot.id, attempt, occasion, durationMs, result);
    if (result.taken) {
      this.waits.end(message);
      return this.outcomes.taken(message);
    }
    // Its customer waits. If the bot is away, its circuit opens, and nothing begins.
    const refused = this.#isKeyGood(recipient, message, result)
      ? { ...result, stage: 'status' as const }
      : result;
    await this.outcomes.notTaken(turn, message, attempt, refused, durationMs);
  }

  /**
   * Whether the service takes the key for other questions: since this one failed last, another one was asked and answered. So it
   * may be this question alone that a firewall refuses.
   */
  #isKeyGood({ bot }: ReadyDestination, { lastFailure }: Message, { stage }: AttemptFailure): boolean {
    if (stage !== 'key' || lastFailure === null) return false;
    const taken = this.botEndpoints.deliveries.lastTakenBy(bot.id);
    return taken !== null && taken.atMs - taken.durationMs > lastFailure.atMs;
  }
}
