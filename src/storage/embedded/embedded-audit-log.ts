import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import type { AuditEntry } from '../../audit/audit-entry.js';
import {
  AUDIT_ENTRIES_MAX,
  AUDIT_KEPT_MS,
  type AuditFilter,
  AuditLog,
  type AuditPage,
  sinceOf,
} from '../../audit/audit-log.js';
import { firstIdAt } from '../../audit/audit-entry.js';
import { EmbeddedStore } from './embedded-store.js';

/** So many are looked at for one page, which takes some 20 ms; the next page goes on. */
const LOOKED_AT_MAX = 5_000;
/** After every key. */
const END = '~';

@Injectable()
export class EmbeddedAuditLog extends AuditLog {
  readonly #entries: Database<AuditEntry, string>;
  /** Kept here, since LMDB's own figures are not asked for while it writes (docs/internals/adr/0023); `null` while it is not known. */
  #count: number | null = null;

  constructor(private readonly store: EmbeddedStore) {
    super();
    this.#entries = store.database<AuditEntry>('auditEntries');
  }

  override async append(entries: readonly AuditEntry[]): Promise<void> {
    let count = this.#count;
    this.#count = null;
    await this.store.durably('append audit', () =>
      this.#entries.transaction(() => {
        count ??= this.#entries.getKeysCount();
        for (const entry of entries) {
          if (!this.#entries.doesExist(entry.id)) count++;
          this.#entries.put(entry.id, entry);
        }
        count -= this.#removeOldest(count - AUDIT_ENTRIES_MAX, entries.at(-1)?.atMs ?? 0);
        return true;
      }),
    );
    this.#count = count;
  }

  override async search(
    filter: AuditFilter,
    before: string | null,
    limit: number,
    nowMs: number,
  ): Promise<AuditPage> {
    this.store.requireOpen();
    const since = firstIdAt(sinceOf(filter, nowMs));
    const found: AuditEntry[] = [];
    let looked = 0;
    for (const { key, value } of this.#entries.getRange({ start: before ?? END, reverse: true })) {
      if (key === before) continue;
      if (key < since) break;
      if (found.length === limit) return { entries: found, nextBefore: found.at(-1)?.id ?? null };
      if (filter.operator === null || value.operator === filter.operator) found.push(value);
      if (++looked >= LOOKED_AT_MAX) return { entries: found, nextBefore: key };
    }
    return { entries: found, nextBefore: null };
  }

  /** Inside of a transaction. @returns how many. */
  #removeOldest(surplus: number, nowMs: number): number {
    const kept = firstIdAt(nowMs - AUDIT_KEPT_MS);
    const removed: string[] = [];
    for (const key of this.#entries.getKeys({ start: '' })) {
      if (removed.length >= surplus && key >= kept) break;
      removed.push(key);
    }
    for (const key of removed) this.#entries.remove(key);
    return removed.length;
  }
}
