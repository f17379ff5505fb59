/** An event as one replica passes it to another, in JSON. */
import { eventOf, hasPulledOf, type Parcel } from '../../dispatch/endpoint/parcel.js';
import { Secret } from '../../kernel/secret.js';
import type { KnownConnection } from '../../registry/bots/connected-bots.js';

/** An event for a connection of the other replica. That replica seals its callback itself. */
export interface PassedEvent {
  readonly connectionId: string;
  readonly botId: string;
  readonly id: string;
  readonly corpId: string;
  readonly openKfId: string;
  readonly token: string;
  readonly createdAtS: number | null;
  readonly attempt: number;
  readonly ageMs: number;
  /** WeCom's entry; `null` for an event. */
  readonly message: unknown;
  readonly isHalf: boolean;
}

export function toPassedEvent(connection: KnownConnection, parcel: Parcel): PassedEvent {
  const { id, corpId, openKfId, createdAtS, attempt, ageMs, body } = parcel;
  const isHalf = hasPulledOf(parcel) !== null;
  return {
    connectionId: connection.id,
    botId: connection.botId,
    ...{ id, corpId, openKfId, createdAtS, attempt, ageMs, isHalf },
    token: eventOf(parcel).syncToken,
    message: body.kind === 'message' && !isHalf ? JSON.parse(body.content.reveal()) : null,
  };
}

/** @param hasPulled see `MessageBody.hasPulled`. */
export function fromPassedEvent(
  { id, corpId, openKfId, token, createdAtS, attempt, ageMs, message, isHalf }: PassedEvent,
  hasPulled: () => Promise<boolean>,
): Parcel {
  const content = new Secret(JSON.stringify(message ?? {}));
  const isMessage = isHalf || message !== null;
  return {
    ...{ id, corpId, openKfId, createdAtS, attempt, ageMs, trace: null },
    body: isMessage
      ? { kind: 'message', content, isOfCustomer: false, hasPulled: isHalf ? hasPulled : null }
      : { kind: 'event', syncToken: token, raw: null },
  };
}
