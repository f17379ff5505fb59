import type { Addressee } from '../../kernel/account.js';
import type { Secret } from '../../kernel/secret.js';
import type { Destination } from '../../registry/accounts/destination.js';
import type { Attempt, OnEnd } from './attempt.js';
import type { KfEvent } from './kf-event.js';

/** A message that a service is asked about. */
export interface AskedMessage {
  readonly event: KfEvent;
  /** WeCom's entry as JSON. */
  readonly message: Secret;
  /** How long ago the customer sent it. */
  readonly ageMs: number;
}

/** Asks the services of agents, and sends their answers. */
export interface Agents {
  /** Never throws: the result tells what went wrong. The message is taken once its answer was sent. */
  start(to: Addressee & Pick<Destination, 'bot'>, asked: AskedMessage, onEnd: OnEnd): Attempt;

  /**
   * Sends the customer the bot's `fallback`, once for a message, however often it is called. Never rejects.
   * @returns false where it is to be tried again: WeCom or the store could not be asked, or the customer is being told now.
   */
  tellToWait(to: Pick<Destination, 'bot'>, asked: AskedMessage): Promise<boolean>;
}
