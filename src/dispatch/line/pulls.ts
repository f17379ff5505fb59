import type { Addressee, Destination } from '../../registry/destination.js';
import type { KfEvent } from '../kf-event.js';
import type { Attempt, OnEnd } from './attempt.js';

/** Takes the events of bots that take messages: an event is taken when all that its account has new at WeCom is kept. */
export interface Pulls {
  /** Never throws: the result tells what went wrong. */
  start(to: Addressee & Pick<Destination, 'bot'>, event: KfEvent, onEnd: OnEnd): Attempt;
}
