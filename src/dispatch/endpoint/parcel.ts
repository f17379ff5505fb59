import type { Addressee } from '../../kernel/account.js';
import type { Secret } from '../../kernel/secret.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import { makeSyncToken } from '../../registry/bots/sync-tokens.js';
import type { KfEvent, RawCallback } from '../../queue/kf-event.js';

/** What one attempt carries to a bot or puppet: an event, or a message. */
export interface Parcel extends Addressee {
  /** Sent as `webhook-id`: the same for every attempt of one event or message. */
  readonly id: string;
  /** Which attempt it is, counted from 1. */
  readonly attempt: number;
  /** How long ago WeCom sent it. */
  readonly ageMs: number;
  /** The trace that its request continues; `null` when it belongs to none. */
  readonly trace: TraceContext | null;
  /** When WeCom sent it, epoch seconds by WeCom's clock; `null` where that is not known. */
  readonly createdAtS: number | null;
  readonly body: EventBody | MessageBody;
}

/** The account has something new. */
export interface EventBody {
  readonly kind: 'event';
  /** See `KfEvent.syncToken`. */
  readonly syncToken: string;
  /** The encrypted callback, if it goes out as it came. */
  readonly raw: RawCallback | null;
}

/** An entry of what WeCom's `kf/sync_msg` gives. */
export interface MessageBody {
  readonly kind: 'message';
  /** The entry as JSON. */
  readonly content: Secret;
  /** Whether a customer wrote it. */
  readonly isOfCustomer: boolean;
  /**
   * Given where the bot is only told of the message, and has to pull it as well: whether it has pulled it in this attempt. It is asked
   * when the time for the answer is over; if the bot has, the attempt may take `HALVES_MS` in all. A 2xx is only half of such an
   * attempt: the sender of the message reports its end. Never rejects.
   */
  readonly hasPulled: (() => Promise<boolean>) | null;
}

/** @param tracestate that came with the event's `traceparent`. */
export function toParcel(
  event: KfEvent,
  attempt: number,
  ageMs: number = event.lagMs,
  tracestate: string | null = null,
): Parcel {
  const { id, corpId, openKfId, createdAtS, syncToken, raw, traceparent } = event;
  const trace = traceparent === null ? null : { traceparent, tracestate };
  return {
    id,
    corpId,
    openKfId,
    attempt,
    ageMs,
    trace,
    createdAtS,
    body: { kind: 'event', syncToken, raw },
  };
}

/** The event that tells of the parcel. A message is told of under a sync token of the manager's. */
export function eventOf({ openKfId, body }: Parcel): EventBody {
  return body.kind === 'event' ? body : { kind: 'event', syncToken: makeSyncToken(openKfId), raw: null };
}

/** See `MessageBody.hasPulled`; `null` for an event, too. */
export function hasPulledOf({ body }: Pick<Parcel, 'body'>): MessageBody['hasPulled'] {
  return body.kind === 'message' ? body.hasPulled : null;
}
