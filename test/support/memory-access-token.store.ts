import type { TokenRecord } from '../../src/wecom/tokens/access-token.js';
import { AccessTokenStore, type TokenLease } from '../../src/wecom/tokens/access-token.store.js';

/** What is known of one secret, and until when who asks for it. */
export interface TokenRow {
  record: TokenRecord | null;
  lease: { readonly id: string; readonly untilMs: number } | null;
}

/** By secret id; several stores on one table stand for several replicas. */
export type TokenTable = Map<string, TokenRow>;

export class MemoryAccessTokenStore extends AccessTokenStore {
  override readonly isShared = true;

  constructor(private readonly table: TokenTable = new Map()) {
    super();
  }

  override async find(secretId: string): Promise<TokenRecord | null> {
    return this.table.get(secretId)?.record ?? null;
  }

  override async findByTokenId(tokenId: string): Promise<TokenRecord | null> {
    const row = this.table.values().find(({ record }) => {
      const { id, formerIds = [] } = record?.token ?? {};
      return id === tokenId || formerIds.includes(tokenId);
    });
    return row?.record ?? null;
  }

  override async lease(
    { secretId }: Pick<TokenRecord, 'secretId' | 'corpId'>,
    leaseId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<TokenLease> {
    const row = this.table.get(secretId) ?? { record: null, lease: null };
    this.table.set(secretId, row);
    const isHeld = row.lease === null || row.lease.id === leaseId || row.lease.untilMs <= nowMs;
    if (isHeld) row.lease = { id: leaseId, untilMs: nowMs + leaseMs };
    return { isHeld, record: row.record };
  }

  override async save(record: TokenRecord, leaseId: string): Promise<boolean> {
    const row = this.#held(record.secretId, leaseId);
    if (row === null) return false;
    Object.assign(row, { record, lease: null });
    return true;
  }

  override async release(secretId: string, leaseId: string): Promise<void> {
    const row = this.#held(secretId, leaseId);
    if (row !== null) row.lease = null;
  }

  override async revoke(secretId: string, tokenId: string): Promise<void> {
    const row = this.table.get(secretId);
    if (!row?.record?.token || row.record.token.id !== tokenId) return;
    row.record = { ...row.record, token: { ...row.record.token, isRevoked: true } };
  }

  #held(secretId: string, leaseId: string): TokenRow | null {
    const row = this.table.get(secretId);
    return row?.lease?.id === leaseId ? row : null;
  }
}
