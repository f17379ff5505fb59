import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { Addressee } from '../../kernel/account.js';

/** The answer to a bot's `kf/sync_msg`, in WeCom's form. */
export interface QueuedAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  /** Call it when the whole answer was written to the bot. Never rejects. */
  readonly wasSent: () => Promise<void>;
  /** Call it after `wasSent`, when the bot cannot have read the answer. Never rejects. */
  readonly wasUnread: () => Promise<void>;
}

/**
 * How a cursor begins that the manager made in place of WeCom's, which has at most 64 bytes. A program keeps the last cursor
 * that it was given, and may send it later to WeCom.
 */
export const MADE_CURSOR = 'wxkf-';

/** A `kf/sync_msg` that a program sent to WeCom through the manager. */
export interface OwnPull {
  /** Identifies the app of the access token. */
  readonly appId: string;
  /** The id of the bot. */
  readonly takerId: string;
  /** When the pull began, before WeCom was asked; store time. */
  readonly beganAtMs: number;
  /** The cursor in the request to WeCom; `''` for none. */
  readonly from: string;
  /** The cursor in WeCom's answer. */
  readonly cursor: string;
  /** Whether WeCom said that there are no more messages. */
  readonly isAll: boolean;
}

/**
 * Answers and follows the pulls of bots. A bot that takes messages gets only the message that it was told of. Any other bot
 * pulls from WeCom, and begins where the bot before it ended.
 */
export abstract class QueuedMessages {
  /**
   * The answer to the pull of a bot that takes messages.
   * @param openKfId an account of the bot; `null` when neither the call nor its sync token names one.
   * @param cursor as the bot sent it; `''` for none.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract answer(bot: KnownBot, openKfId: string | null, cursor: string): Promise<QueuedAnswer>;

  /**
   * WeCom's cursor for a program that has no cursor of this app and account, or only one that the manager made. All messages
   * before it were given to some bot.
   * @returns `''` for the beginning of what WeCom keeps.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract findCursor(account: Addressee, appId: string): Promise<string>;

  /** Call it when the whole answer was written to the program. */
  abstract wasPulled(account: Addressee, pull: OwnPull): void;

  /** Call it after `wasPulled`, with the same pull, when the program cannot have read the answer. */
  abstract wasUnread(account: Addressee, pull: OwnPull): void;
}
