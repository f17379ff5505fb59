import type { KnownBot } from '../../registry/bots/known-bots.js';

type Fields = Readonly<Record<string, unknown>>;

/** A call of a bot that tells something of a customer's session. Neither method is called where WeCom's answer was lost. */
export interface FollowedCall {
  /**
   * Call it when WeCom's answer is read, and before it is passed on.
   * @param errcode `null` where the answer has none.
   * @returns how many messages the customer may still be sent, as far as is known; `null` where that is not known, or the call sends
   * none.
   */
  answered(errcode: number | null): number | null;
  /** Call it when the call was not sent to WeCom. */
  notSent(): void;
  /** Call it when the whole answer was passed on, if it is short. */
  read(answer: Fields): void;
}

/** Follows what bots that share their customers with people tell WeCom, and are told. */
export abstract class SessionCalls {
  /**
   * Call it just before WeCom is called. Never rejects, and takes 300 ms at most.
   * @param body the fields of the call.
   * @returns `null` for a call that tells nothing.
   */
  abstract begin(bot: KnownBot, api: string, body: Fields): Promise<FollowedCall | null>;
}

/** No call tells anything. */
export class NoSessionCalls extends SessionCalls {
  override async begin(): Promise<null> {
    return null;
  }
}
