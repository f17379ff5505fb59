import type { AuditEntry } from './audit-entry.js';

export const AUDIT_KEPT_MS = 90 * 86_400_000;
/** Some 40 MB. The oldest go first. */
export const AUDIT_ENTRIES_MAX = 100_000;

export interface AuditFilter {
  /** Of this one alone. */
  readonly operator: string | null;
  /** Not before this time. */
  readonly sinceMs: number | null;
}

export interface AuditPage {
  /** The newest first. */
  readonly entries: readonly AuditEntry[];
  /** The next page has what is older than this id; `null` on the last page. A page before it may be empty. */
  readonly nextBefore: string | null;
}

/** What operators did, kept for 90 days, and the last 100,000 entries of it. */
export abstract class AuditLog {
  /** Safe to repeat. @throws AppError `STORE_UNAVAILABLE`; some may have been kept. */
  abstract append(entries: readonly AuditEntry[]): Promise<void>;

  /**
   * @param before the id that all found ones are older than.
   * @param nowMs store time, for what is older than 90 days may still be there.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract search(
    filter: AuditFilter,
    before: string | null,
    limit: number,
    nowMs: number,
  ): Promise<AuditPage>;
}

/** The time before which nothing is found. */
export function sinceOf({ sinceMs }: AuditFilter, nowMs: number): number {
  return Math.max(sinceMs ?? 0, nowMs - AUDIT_KEPT_MS);
}
