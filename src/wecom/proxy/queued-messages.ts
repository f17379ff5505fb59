import type { KnownBot } from '../../registry/bots/known-bots.js';

/** The answer to a bot's `kf/sync_msg`, in WeCom's form. */
export interface QueuedAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  /** Call it when the bot has got all of it. Never rejects. */
  readonly wasSent: () => Promise<void>;
}

/** What a bot that takes messages pulls: of each account just the message that it was told of. */
export abstract class QueuedMessages {
  /**
   * @param openKfId of the bot's accounts; `null` where neither the call nor its sync token names one.
   * @param cursor as the bot sent it; `''` for none.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract answer(bot: KnownBot, openKfId: string | null, cursor: string): Promise<QueuedAnswer>;
}
