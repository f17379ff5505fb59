import type { Addressee } from '../../kernel/account.js';
import type { Delivery } from './deliveries.js';

/** Messages wait for the same endpoints as events, and an attempt at an event says how far its bot is. */
export abstract class WaitingMessages {
  /** The endpoint was in trouble and took something. */
  abstract recovered(endpoint: string): void;

  /** The account has another taker now. @param isMoved whether a bot that was there before has got the account. */
  abstract woken(account: Addressee, isMoved: boolean): void;

  /** A bot is there now for accounts that it does not list one by one. */
  abstract someWoken(): void;

  /** The endpoints that messages wait for. @throws AppError `STORE_UNAVAILABLE` */
  abstract listEndpoints(): Promise<readonly string[]>;

  /** An attempt at an event has ended. Called in the turn in which it ended, after the attempt was recorded. */
  abstract eventTried(delivery: Delivery): void;
}
