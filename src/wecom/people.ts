import type { OpenBot } from '../registry/bots/known-bots.js';

/** Moves customers to people, as the bot's `session.people` says. Without one, nobody is handed over. */
export abstract class People {
  /**
   * Safe to repeat for the same cause.
   * @param customer the `external_userid`.
   * @param cause identifies why: the webhook id of a message.
   * @returns false where it cannot be done: the bot has no `session`, or WeCom refuses.
   * @throws AppError `WECOM_UNREACHABLE`, `STORE_UNAVAILABLE`; it may be done later.
   */
  abstract handOver(bot: OpenBot, openKfId: string, customer: string, cause: string): Promise<boolean>;
}
