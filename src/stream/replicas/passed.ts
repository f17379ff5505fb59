/** An event as one replica passes it to another, in JSON. */
import type { Streamed } from '../../dispatch/endpoint/streams.js';
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

export function toPassedEvent(
  connection: KnownConnection,
  { event, number, ageMs, message, isHalf }: Streamed,
): PassedEvent {
  return {
    connectionId: connection.id,
    botId: connection.botId,
    id: event.id,
    corpId: event.corpId,
    openKfId: event.openKfId,
    token: event.syncToken,
    createdAtS: event.createdAtS,
    attempt: number,
    ageMs,
    message: message === null ? null : JSON.parse(message.reveal()),
    isHalf,
  };
}

export function fromPassedEvent(passed: PassedEvent): Streamed {
  const { id, corpId, openKfId, token: syncToken, createdAtS, attempt, ageMs, message, isHalf } = passed;
  return {
    event: { id, corpId, openKfId, syncToken, createdAtS, lagMs: 0, raw: null, traceparent: null },
    number: attempt,
    ageMs,
    message: message === null ? null : new Secret(JSON.stringify(message)),
    isHalf,
  };
}
