import type { Destination } from '../../registry/accounts/destination.js';
import type { KfEvent } from './kf-event.js';
import type { Attempt, OnEnd } from './attempt.js';
import type { Addressee } from '../../kernel/account.js';

/** What tells of a message. */
export type MessageEvent = Addressee & Pick<KfEvent, 'id'>;

/** Takes the events of bots that take messages: an event is taken when all that its account has new at WeCom is kept. */
export interface Pulls {
  /** Never throws: the result tells what went wrong. */
  start(to: Addressee & Pick<Destination, 'bot'>, event: KfEvent, onEnd: OnEnd): Attempt;
}

/** Knows of the messages that callback bots are told of and pull. */
export interface Halves {
  /** Whether it was pulled in this attempt, at whatever process. While that cannot be told, it was not. Never rejects. */
  hasPulled(event: MessageEvent, attempt: number): Promise<boolean>;
}
