import type { Dispatcher as Undici } from 'undici';
import type { Secret } from '../../kernel/secret.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import type { Endpoint } from '../../registry/endpoint/endpoint.js';
import type { KfEvent } from './kf-event.js';

/** How an event is put into a request, and how long an attempt may take. */
export interface DeliveryForm {
  readonly limitMs: number;
  /** The message that it puts into a request; left out where it puts the event. */
  readonly content?: Secret;
  /**
   * Given for a message that its bot has to pull as well: whether the bot has pulled it in this attempt. It is asked
   * when `limitMs` is over; if the bot has, the attempt may take `HALVES_MS` in all. A 2xx is only half of such an
   * attempt: the sender of the message reports its end. Never rejects.
   */
  readonly hasPulled?: () => Promise<boolean>;
  /** @param attempt counted from 1. */
  toRequest(
    endpoint: Endpoint,
    event: KfEvent,
    attempt: number,
    nowMs: number,
    trace: TraceContext | null,
  ): Undici.DispatchOptions;
}
