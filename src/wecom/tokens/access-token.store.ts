import type { TokenRecord } from './access-token.js';

/** A record is thrown away when nothing in it was of use for so long. */
export const RECORD_KEPT_MS = 24 * 3_600_000;

export interface TokenLease {
  /** Whether it is ours now; else another one has it. */
  readonly isHeld: boolean;
  /** As it is now. `null` while nothing was saved. */
  readonly record: TokenRecord | null;
}

/**
 * One access token for each secret, durably, and the right to ask upstream for it: whoever has the lease of a
 * secret asks, and everybody else, in whatever process, waits for what is saved then. Times are the store
 * clock's. Every method rejects with AppError `STORE_UNAVAILABLE`; a write may then have happened or not.
 */
export abstract class AccessTokenStore {
  /** Whether other processes write here too. If not, what is remembered of it stays true. */
  abstract readonly isShared: boolean;

  /** @returns `null` when nothing is known of the secret. */
  abstract find(secretId: string): Promise<TokenRecord | null>;

  /** The record whose token, revoked and expired ones included, has this id. */
  abstract findByTokenId(tokenId: string): Promise<TokenRecord | null>;

  /**
   * Takes the lease of the secret until `nowMs + leaseMs`, unless another one's runs. Who has it may take it
   * anew, so it is safe to repeat.
   */
  abstract lease(
    secret: Pick<TokenRecord, 'secretId' | 'corpId'>,
    leaseId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<TokenLease>;

  /**
   * Writes the record in place of the earlier one and ends the lease, which may have lapsed by then.
   * @returns false, and nothing was written, when the lease was taken over or ended.
   */
  abstract save(record: TokenRecord, leaseId: string): Promise<boolean>;

  /** Ends the lease, if it is still held, and leaves the record as it is. */
  abstract release(secretId: string, leaseId: string): Promise<void>;

  /** Marks the token as revoked, if it is still the secret's. Safe to repeat. */
  abstract revoke(secretId: string, tokenId: string): Promise<void>;
}

/** Until when the record is kept, store time, epoch milliseconds. */
export function keptUntilMs({ token, refusal, answeredAtMs }: TokenRecord): number {
  return Math.max(token?.expiresAtMs ?? 0, refusal?.untilMs ?? 0, answeredAtMs) + RECORD_KEPT_MS;
}
