import type { Addressee } from '../../kernel/account.js';

/** Messages wait for the same endpoints as events. */
export abstract class WaitingMessages {
  /** The endpoint was in trouble and took something. */
  abstract recovered(endpoint: string): void;

  /** The account has another recipient now. @param isMoved whether a bot that was there before has got the account. */
  abstract woken(account: Addressee, isMoved: boolean): void;

  /** A bot is there now for accounts that it does not list one by one. */
  abstract someWoken(): void;
}
