import { Injectable } from '@nestjs/common';
import { firstIdAt, type Journal, type JournalKind, Journals, LAST_ID } from '../storage/journal/journal.js';
import type { AuditEntry } from './audit-entry.js';

export const AUDIT_KEPT_MS = 90 * 86_400_000;
/** Some 40 MB. The oldest go first. */
export const AUDIT_ENTRIES_MAX = 100_000;

export interface AuditFilter {
  /** Only entries of this operator; `null` for all. */
  readonly operator: string | null;
  /** Only entries from this time on; `null` for all. */
  readonly sinceMs: number | null;
}

export interface AuditPage {
  /** The newest first. */
  readonly entries: readonly AuditEntry[];
  /** The next page has what is older than this id; `null` on the last page. */
  readonly nextBefore: string | null;
}

export const AUDIT: JournalKind<AuditEntry> = {
  name: 'audit',
  columns: {
    operator: 'TEXT',
    method: 'TEXT',
    route: 'TEXT',
    path: 'TEXT',
    status: 'INTEGER',
    from: 'TEXT',
    requestId: 'TEXT',
    times: 'INTEGER',
    subject: 'TEXT',
    fields: 'JSON',
  },
  fields: ['operator'],
  common: {},
  marks: {},
  blank: { operator: null, status: null, subject: null, fields: null },
  isLasting: true,
};

/** What operators did within the last 90 days, at most the last 100,000 entries. */
@Injectable()
export class AuditLog {
  readonly #journal: Journal<AuditEntry>;

  constructor(journals: Journals) {
    this.#journal = journals.open(AUDIT, { keptMs: AUDIT_KEPT_MS, entriesMax: AUDIT_ENTRIES_MAX });
  }

  /** Safe to repeat. @throws AppError `STORE_UNAVAILABLE`; some may have been kept. */
  append(entries: readonly AuditEntry[]): Promise<void> {
    return this.#journal.append(entries);
  }

  /**
   * @param before only entries older than this id; `null` for the newest.
   * @param nowMs store time: entries older than 90 days may still be stored, and are left out.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async search(
    { operator, sinceMs }: AuditFilter,
    before: string | null,
    limit: number,
    nowMs: number,
  ): Promise<AuditPage> {
    return this.#journal.page({
      where: operator === null ? {} : { operator },
      from: firstIdAt(Math.max(sinceMs ?? 0, nowMs - AUDIT_KEPT_MS)),
      before: before ?? LAST_ID,
      limit,
    });
  }
}
