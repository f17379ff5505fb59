/**
 * A `kf_msg_or_event`, the only event that is ever sent to a puppet: this kf account has something
 * new, and here is a credential to fetch it with.
 */
export interface KfEvent {
  /**
   * Sent as `webhook-id`: the same over re-sends of one event, another for another event. Events that a gateway
   * opened are told apart by their sync token and `createTime`.
   */
  readonly id: string;
  readonly corpId: string;
  readonly openKfId: string;
  /** Good for 10 minutes at WeCom; `''` when the event came without one. */
  readonly syncToken: string;
  /** WeCom's `CreateTime` in seconds since the epoch, by WeCom's clock; `null` when the event came without one. */
  readonly createdAtS: number | null;
  /** How far that was behind the newest `CreateTime` of its corp when the event came in, milliseconds. */
  readonly lagMs: number;
  /** The callback as it came; `null` when the puppet gets the event in its decrypted form. */
  readonly raw: RawCallback | null;
  /** The `traceparent` of what it came with, to which its deliveries belong; `null` where that was of no trace. */
  readonly traceparent: string | null;
}

/** What the puppet needs to verify and open the callback once more by itself. */
export interface RawCallback {
  readonly msgSignature: string;
  readonly timestamp: string;
  readonly nonce: string;
  /** Byte for byte as WeCom sent it. */
  readonly body: Buffer;
}
