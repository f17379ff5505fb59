import { Injectable } from '@nestjs/common';
import type { RecordKind } from '../../storage/records/record-kind.js';
import { type Records, RecordStore } from '../../storage/records/records.js';
import { type TokenRecord, tokenIdOf } from './access-token.js';

/** How long a record is kept after upstream's last answer. Records end, since callers can make up secrets. */
const RECORD_KEPT_MS = 24 * 3_600_000;
/**
 * How long a record is kept after the end of its token. Some programs keep a token until WeCom refuses it, even when they are
 * idle for weeks. A bot's call with an unknown token is refused here, and the bot would not hear from WeCom that its token ended.
 */
const TOKEN_KEPT_MS = 30 * 24 * 3_600_000;
/** How long a lapsed lease is kept. `save` still accepts it, and a clock may be a little late. */
const LEASE_KEPT_MS = 60_000;

export interface TokenLease {
  /** Whether the caller holds the lease. If false, another holder's lease is running. */
  readonly isHeld: boolean;
  /** The current record; `null` when none was ever saved. */
  readonly record: TokenRecord | null;
}

/** The stored data of one secret: its record and its lease. */
interface LeasedToken extends Omit<TokenRecord, 'answeredAtMs'> {
  /** `null` while there is a lease but no record yet. */
  readonly answeredAtMs: number | null;
  readonly lease: { readonly id: string; readonly untilMs: number } | null;
}

export const TOKENS: RecordKind<LeasedToken> = {
  name: 'tokens',
  keyOf: ({ secretId }) => secretId,
  lookupKeysOf: ({ token }) => (token === null ? [] : [token.id, ...(token.formerIds ?? [])]),
  expiresAtMsOf: (stored) => {
    const ofLeaseMs = stored.lease === null ? 0 : stored.lease.untilMs + LEASE_KEPT_MS;
    return isAnswered(stored) ? Math.max(ofLeaseMs, keptUntilMs(stored)) : ofLeaseMs;
  },
  sealed: { at: ['token.value'], boundTo: ['corpId'], isReplaceable: true },
};

/**
 * Durable access tokens, one per secret, and a lease per secret. Only the holder of the lease asks WeCom for a new token; all
 * other callers, in every process, wait until the token is saved. A token that this process cannot open counts as none. Times
 * are store time. Every method rejects with AppError `STORE_UNAVAILABLE`; a rejected write may have happened.
 */
@Injectable()
export class AccessTokenStore {
  /** Whether other processes write here too. If not, a copy in memory stays correct. */
  readonly isShared: boolean;
  readonly #tokens: Records<LeasedToken>;

  constructor(records: RecordStore) {
    this.isShared = records.isShared;
    this.#tokens = records.of(TOKENS);
  }

  /** @returns `null` when the secret has no record. */
  async find(secretId: string): Promise<TokenRecord | null> {
    return toRecord(await this.#tokens.find(secretId));
  }

  /** Finds the record by the id of its token or of a former token, also when that one is revoked or expired. */
  async findByTokenId(tokenId: string): Promise<TokenRecord | null> {
    const [found = null] = await this.#tokens.findBy(tokenId);
    return toRecord(found);
  }

  /**
   * Takes the lease of the secret until `nowMs + leaseMs`, unless another holder's lease is running. The holder may take it
   * again, so the call is safe to repeat.
   */
  async lease(
    { secretId, corpId }: Pick<TokenRecord, 'secretId' | 'corpId'>,
    leaseId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<TokenLease> {
    const lease = { id: leaseId, untilMs: nowMs + leaseMs };
    const { outcome, record } = await this.#tokens.change(secretId, (before) => {
      const { id, untilMs } = before?.lease ?? { id: leaseId, untilMs: 0 };
      if (id !== leaseId && untilMs > nowMs) return null;
      return { ...(before ?? { secretId, corpId, token: null, refusal: null, answeredAtMs: null }), lease };
    });
    return { isHeld: outcome === 'written', record: toRecord(record) };
  }

  /**
   * Replaces the record and ends the lease. A lapsed lease is good enough while nobody has taken it over.
   * @returns false when the lease was taken over or ended; nothing was written.
   */
  async save(record: TokenRecord, leaseId: string): Promise<boolean> {
    const { outcome } = await this.#tokens.change(record.secretId, (before) =>
      before?.lease?.id === leaseId ? { ...record, lease: null } : null,
    );
    return outcome === 'written';
  }

  /** Ends the lease if `leaseId` still holds it. The record stays unchanged. */
  async release(secretId: string, leaseId: string): Promise<void> {
    await this.#tokens.change(secretId, (before) =>
      before?.lease?.id === leaseId ? { ...before, lease: null } : null,
    );
  }

  /** Marks the token as revoked if it is still the secret's current one. Safe to repeat. */
  async revoke(secretId: string, tokenId: string): Promise<void> {
    await this.#tokens.change(secretId, (before) =>
      before?.token?.id === tokenId && !before.token.isRevoked
        ? { ...before, token: { ...before.token, isRevoked: true } }
        : null,
    );
  }
}

/** Until when the record is kept, store time, epoch milliseconds. */
export function keptUntilMs({ token, refusal, answeredAtMs }: TokenRecord): number {
  const ofAnswerMs = Math.max(refusal?.untilMs ?? 0, answeredAtMs) + RECORD_KEPT_MS;
  return token === null ? ofAnswerMs : Math.max(ofAnswerMs, token.expiresAtMs + TOKEN_KEPT_MS);
}

function isAnswered(stored: LeasedToken): stored is LeasedToken & TokenRecord {
  return stored.answeredAtMs !== null;
}

/** @returns `null` for a lease without a record, and for a token that this process cannot open. */
function toRecord(stored: LeasedToken | null): TokenRecord | null {
  if (stored === null || !isAnswered(stored)) return null;
  const { lease: _lease, ...record } = stored;
  return record.token === null || record.token.id === tokenIdOf(record.token.value) ? record : null;
}
