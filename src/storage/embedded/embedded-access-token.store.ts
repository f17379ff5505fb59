import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import { StoreClock } from '../../kernel/store-clock.js';
import type { TokenRecord } from '../../wecom/tokens/access-token.js';
import {
  AccessTokenStore,
  keptUntilMs,
  RECORD_KEPT_MS,
  type TokenLease,
} from '../../wecom/tokens/access-token.store.js';
import { EmbeddedStore } from './embedded-store.js';
import { readStored, toStored } from './stored-token.js';

const PURGE_EVERY_MS = 3_600_000;

interface Lease {
  readonly id: string;
  readonly untilMs: number;
}

/**
 * All records are in memory. The leases are only there, since they end with the one process on the store. A
 * change takes effect at once and is durable when its call resolves. An unreadable record is thrown away:
 * upstream gives a token again.
 */
@Injectable()
export class EmbeddedAccessTokenStore extends AccessTokenStore {
  override readonly isShared = false;
  readonly #store: EmbeddedStore;
  readonly #storeClock: StoreClock;
  readonly #stored: Database<unknown, string>;
  readonly #records = new Map<string, TokenRecord>();
  /** Keys of `#records`, by the ids of their tokens and former ones. */
  readonly #secretIds = new Map<string, string>();
  readonly #leases = new Map<string, Lease>();
  #purgedAtMs: number;

  constructor(store: EmbeddedStore, storeClock: StoreClock) {
    super();
    this.#store = store;
    this.#storeClock = storeClock;
    this.#stored = store.database('accessTokens');
    this.#load();
    this.#purgedAtMs = storeClock.nowMs();
    this.#purge(this.#purgedAtMs);
  }

  override async find(secretId: string): Promise<TokenRecord | null> {
    return this.#records.get(secretId) ?? null;
  }

  override async findByTokenId(tokenId: string): Promise<TokenRecord | null> {
    const secretId = this.#secretIds.get(tokenId);
    return secretId === undefined ? null : this.find(secretId);
  }

  override async lease(
    { secretId }: Pick<TokenRecord, 'secretId' | 'corpId'>,
    leaseId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<TokenLease> {
    const running = this.#leases.get(secretId);
    const isHeld = running === undefined || running.id === leaseId || running.untilMs <= nowMs;
    if (isHeld) this.#leases.set(secretId, { id: leaseId, untilMs: nowMs + leaseMs });
    return { isHeld, record: this.#records.get(secretId) ?? null };
  }

  override async save(record: TokenRecord, leaseId: string): Promise<boolean> {
    if (!this.#endLease(record.secretId, leaseId)) return false;
    this.#purgeNowAndThen();
    await this.#write(record);
    return true;
  }

  override async release(secretId: string, leaseId: string): Promise<void> {
    this.#endLease(secretId, leaseId);
  }

  override async revoke(secretId: string, tokenId: string): Promise<void> {
    const record = this.#records.get(secretId);
    if (!record?.token || record.token.id !== tokenId) return;
    await this.#write({ ...record, token: { ...record.token, isRevoked: true } });
  }

  /** @returns false when it is no longer held. */
  #endLease(secretId: string, leaseId: string): boolean {
    return this.#leases.get(secretId)?.id === leaseId && this.#leases.delete(secretId);
  }

  /** In memory first, so that writes reach the disk in the order in which they were made. */
  #write(record: TokenRecord): Promise<void> {
    this.#set(record);
    return this.#store.durably('save access token', () =>
      this.#stored.put(record.secretId, toStored(record)),
    );
  }

  #set(record: TokenRecord): void {
    this.#forget(record.secretId);
    this.#records.set(record.secretId, record);
    for (const id of tokenIdsOf(record)) this.#secretIds.set(id, record.secretId);
  }

  #forget(secretId: string): void {
    const record = this.#records.get(secretId);
    this.#records.delete(secretId);
    for (const id of tokenIdsOf(record)) {
      // Two secrets may have got the same token from a gateway.
      if (this.#secretIds.get(id) === secretId) this.#secretIds.delete(id);
    }
  }

  #load(): void {
    const unreadable: string[] = [];
    for (const secretId of [...this.#stored.getKeys()]) {
      const record = this.#read(secretId);
      if (record === null) unreadable.push(secretId);
      else this.#set(record);
    }
    this.#remove(unreadable);
  }

  #read(secretId: string): TokenRecord | null {
    try {
      return readStored(secretId, this.#stored.get(secretId));
    } catch {
      return null;
    }
  }

  #purgeNowAndThen(): void {
    const nowMs = this.#storeClock.nowMs();
    if (Math.abs(nowMs - this.#purgedAtMs) < PURGE_EVERY_MS) return;
    this.#purgedAtMs = nowMs;
    this.#purge(nowMs);
  }

  /** Removes leases and records that nobody uses any more. */
  #purge(nowMs: number): void {
    const lapsed = [...this.#leases].filter(([, { untilMs }]) => untilMs + RECORD_KEPT_MS <= nowMs);
    for (const [secretId] of lapsed) this.#leases.delete(secretId);
    const old = [...this.#records.values()].filter((record) => keptUntilMs(record) <= nowMs);
    for (const { secretId } of old) this.#forget(secretId);
    this.#remove(old.map(({ secretId }) => secretId));
  }

  /** If it fails, the records stay on the disk and are read again at the next start. */
  #remove(secretIds: readonly string[]): void {
    if (secretIds.length === 0) return;
    const remove = (): void => {
      for (const secretId of secretIds) this.#stored.remove(secretId);
    };
    this.#store.durably('remove access tokens', () => this.#stored.batch(remove)).catch(() => {});
  }
}

function tokenIdsOf(record: TokenRecord | undefined): readonly string[] {
  const token = record?.token ?? null;
  return token === null ? [] : [token.id, ...(token.formerIds ?? [])];
}
