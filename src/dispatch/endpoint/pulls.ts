import type { Destination } from '../../registry/accounts/destination.js';
import type { KfEvent } from './kf-event.js';
import type { Attempt, OnEnd } from './attempt.js';
import type { Addressee } from '../../kernel/account.js';

/** The event that tells a bot of a message. */
export type MessageEvent = Addressee & Pick<KfEvent, 'id'>;

/**
 * Takes events for bots that take messages. An event is taken when all new messages of its account at WeCom are kept.
 */
export interface Pulls {
  /** Never throws: the result tells what went wrong. */
  start(to: Addressee & Pick<Destination, 'bot'>, event: KfEvent, onEnd: OnEnd): Attempt;
}

/** Knows which messages callback bots have pulled. */
export interface Halves {
  /**
   * Whether the message was pulled in this attempt, from any process; false while the store cannot tell. Never
   * rejects.
   */
  hasPulled(event: MessageEvent, attempt: number): Promise<boolean>;
}
