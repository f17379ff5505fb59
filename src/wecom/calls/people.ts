import type { OpenBot } from '../../registry/bots/known-bots.js';

/** Moves customers to people, as the bot's `session.people` says. */
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

/** Nobody is handed over. */
export class NoPeople extends People {
  override async handOver(): Promise<boolean> {
    return false;
  }
}
