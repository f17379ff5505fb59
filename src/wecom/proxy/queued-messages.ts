import type { KnownBot } from '../../registry/bots/known-bots.js';

/** The answer to a bot's `kf/sync_msg`, in WeCom's form. */
export interface QueuedAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  /** Call it when the bot has got all of it. Never rejects. */
  readonly wasSent: () => Promise<void>;
  /** Call it after `wasSent` when the bot can have read nothing of it. Never rejects. */
  readonly wasUnread: () => Promise<void>;
}

/** How the manager's cursors begin, in place of WeCom's: those may have 64 bytes. A program keeps the last one that it was given. */
export const MADE_CURSOR = 'wxkf-';

/** What a bot that takes messages pulls: of each account just the message that it was told of. */
export abstract class QueuedMessages {
  /**
   * @param openKfId of the bot's accounts; `null` where neither the call nor its sync token names one.
   * @param cursor as the bot sent it; `''` for none.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract answer(bot: KnownBot, openKfId: string | null, cursor: string): Promise<QueuedAnswer>;

  /**
   * WeCom's cursor in place of one of the manager's, for a program that pulls the account by itself now.
   * @returns `''` for the beginning of what WeCom keeps.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract findCursor(bot: KnownBot, openKfId: string): Promise<string>;
}
