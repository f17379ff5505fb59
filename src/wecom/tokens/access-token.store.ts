import type { TokenRecord } from './access-token.js';

/** How long a record is kept after what upstream said last: callers can make up secrets. */
export const RECORD_KEPT_MS = 24 * 3_600_000;
/**
 * How long it is kept after the end of its token. Some programs keep theirs, however quiet it is, until WeCom refuses it; of one
 * that is not known, WeCom is not asked.
 */
export const TOKEN_KEPT_MS = 30 * 24 * 3_600_000;

export interface TokenLease {
  /** Whether the caller holds the lease; if not, somebody else does. */
  readonly isHeld: boolean;
  /** The current record; `null` when none was ever saved. */
  readonly record: TokenRecord | null;
}

/**
 * Durable access tokens, one per secret, and a lease per secret. Only the holder of the lease asks WeCom for a new
 * token; all others, in every process, wait until it is saved. Times are store time. Every method rejects with AppError
 * `STORE_UNAVAILABLE`; a rejected write may have happened.
 */
export abstract class AccessTokenStore {
  /** Whether other processes write here too. If not, a copy in memory stays correct. */
  abstract readonly isShared: boolean;

  /** @returns `null` when the secret has no record. */
  abstract find(secretId: string): Promise<TokenRecord | null>;

  /** Finds the record by the id of its token or of a former one, also when that token is revoked or expired. */
  abstract findByTokenId(tokenId: string): Promise<TokenRecord | null>;

  /**
   * Takes the lease of the secret until `nowMs + leaseMs`, unless somebody else's is running. The holder may take it
   * again, so the call is safe to repeat.
   */
  abstract lease(
    secret: Pick<TokenRecord, 'secretId' | 'corpId'>,
    leaseId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<TokenLease>;

  /**
   * Replaces the record and ends the lease. A lapsed lease is good enough while nobody has taken it over.
   * @returns false when the lease was taken over or ended; nothing was written.
   */
  abstract save(record: TokenRecord, leaseId: string): Promise<boolean>;

  /** Ends the lease if it is still held. The record stays as it is. */
  abstract release(secretId: string, leaseId: string): Promise<void>;

  /** Marks the token as revoked if it is still the secret's current one. Safe to repeat. */
  abstract revoke(secretId: string, tokenId: string): Promise<void>;
}

/** Until when the record is kept, store time, epoch milliseconds. */
export function keptUntilMs({ token, refusal, answeredAtMs }: TokenRecord): number {
  const ofAnswerMs = Math.max(refusal?.untilMs ?? 0, answeredAtMs) + RECORD_KEPT_MS;
  return token === null ? ofAnswerMs : Math.max(ofAnswerMs, token.expiresAtMs + TOKEN_KEPT_MS);
}
