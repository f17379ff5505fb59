import type { Secret } from '../../kernel/secret.js';
import type { Destination } from '../../registry/accounts/destination.js';
import type { KfEvent } from './kf-event.js';
import type { Attempt, OnEnd } from './attempt.js';
import type { Addressee } from '../../kernel/account.js';

/** An event that goes over a stream. */
export interface Streamed {
  readonly event: KfEvent;
  /** Which attempt of the event it is, counted from 1. */
  readonly number: number;
  /** How long ago WeCom sent it. */
  readonly ageMs: number;
  /** WeCom's entry as JSON; `null` where the event itself is sent. */
  readonly message: Secret | null;
  /** Whether it tells of a message that the bot has to pull as well: see `DeliveryForm.hasPulled`. */
  readonly isHalf: boolean;
}

/** Carries events over the connections that clients of bots open. */
export interface Streams {
  /** Never throws: the result tells what went wrong. */
  start(to: Addressee & Pick<Destination, 'bot'>, sent: Streamed, onEnd: OnEnd): Attempt;
}
