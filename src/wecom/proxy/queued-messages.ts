import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { Addressee } from '../../kernel/account.js';

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

/** A `kf/sync_msg` that a program made by itself, through the manager. */
export interface OwnPull {
  /** Identifies the app whose access token it had. */
  readonly appId: string;
  /** The bot. */
  readonly takerId: string;
  /** Store time, before WeCom was asked. */
  readonly beganAtMs: number;
  /** The cursor that WeCom was sent; `''` for none. */
  readonly from: string;
  /** The one that came back. */
  readonly cursor: string;
  /** Whether WeCom said that there is no more. */
  readonly isAll: boolean;
}

/** What bots pull: those that take messages just the message that they were told of, others from where the one before ended. */
export abstract class QueuedMessages {
  /**
   * @param openKfId of the bot's accounts; `null` where neither the call nor its sync token names one.
   * @param cursor as the bot sent it; `''` for none.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract answer(bot: KnownBot, openKfId: string | null, cursor: string): Promise<QueuedAnswer>;

  /**
   * WeCom's cursor for a program that has none of this app and account, or one that the manager made: up to it all was given to
   * somebody.
   * @returns `''` for the beginning of what WeCom keeps.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract findCursor(account: Addressee, appId: string): Promise<string>;

  /** Call it when the program has got all of the answer. */
  abstract wasPulled(account: Addressee, pull: OwnPull): void;

  /** Call it after `wasPulled`, with the same pull, when the program can have read nothing of the answer. */
  abstract wasUnread(account: Addressee, pull: OwnPull): void;
}
