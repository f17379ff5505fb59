import { randomUUID } from 'node:crypto';

/**
 * A `kf_msg_or_event`, the only event that a puppet is sent. It says that this kf account has new messages, and has a
 * sync token to fetch them with.
 */
export interface KfEvent {
  /**
   * Sent as `webhook-id`. All deliveries of one event have the same id; another event has another. Events from a gateway
   * are distinguished by sync token and `createTime`.
   */
  readonly id: string;
  readonly corpId: string;
  readonly openKfId: string;
  /** Good for 10 minutes at WeCom; `''` when the event came without one. */
  readonly syncToken: string;
  /** WeCom's `CreateTime` in seconds since the epoch, by WeCom's clock; `null` when the event came without one. */
  readonly createdAtS: number | null;
  /** How far `createdAtS` was behind the newest `CreateTime` of its corp when the event arrived, milliseconds. */
  readonly lagMs: number;
  /** The encrypted callback; `null` when the puppet gets the event in its decrypted form. */
  readonly raw: RawCallback | null;
  /** The `traceparent` of the request it came with, which its deliveries continue; `null` when it belongs to no trace. */
  readonly traceparent: string | null;
}

/** What a puppet needs to verify and open the callback itself. */
export interface RawCallback {
  readonly msgSignature: string;
  readonly timestamp: string;
  readonly nonce: string;
  /** Byte for byte as WeCom sent it. */
  readonly body: Buffer;
}

/** An event without a sync token, for when the old token has expired. It is a new event: a new id, and no trace. */
export function toResync({ corpId, openKfId }: Pick<KfEvent, 'corpId' | 'openKfId'>): KfEvent {
  return {
    id: randomUUID(),
    corpId,
    openKfId,
    syncToken: '',
    createdAtS: null,
    lagMs: 0,
    raw: null,
    traceparent: null,
  };
}
