import type { Bot } from './bot.js';

/** Far more than an operator adds by hand, and few enough for each replica to keep all of them in memory. */
export const BOTS_MAX = 1_000;

/** `taken`: another bot lists one of the accounts, or all others of the corp. */
export type BotWrite = 'written' | 'taken' | 'changed';

/**
 * Durable store of the bots that operators added. A read rejects with AppError `STORE_UNAVAILABLE` when the store does
 * not answer in time. A write settles once its outcome is known, which may take longer. A rejected write may have
 * happened; every write is safe to repeat.
 */
export abstract class BotRepository {
  /** All bots, in no order. @throws StorageStartError on the first call, when their secrets cannot be opened. */
  abstract load(): Promise<readonly Bot[]>;

  /** The same; `null` when no process has changed a bot since the last call of `load` or `changes` on this object. */
  abstract changes(): Promise<readonly Bot[] | null>;

  /** @returns `taken`, and nothing was changed, when another bot has one of its accounts. */
  abstract add(bot: Bot): Promise<'written' | 'taken'>;

  /** Replaces the bot if it still has this revision. @returns otherwise, nothing being changed, `changed` or `taken`. */
  abstract replace(bot: Bot, revision: string): Promise<BotWrite>;

  /** @returns false when there was none. */
  abstract remove(id: string): Promise<boolean>;
}
