import { type AuditEntry, firstIdAt } from '../../src/audit/audit-entry.js';
import {
  AUDIT_ENTRIES_MAX,
  AUDIT_KEPT_MS,
  type AuditFilter,
  AuditLog,
  type AuditPage,
  sinceOf,
} from '../../src/audit/audit-log.js';

export class MemoryAuditLog extends AuditLog {
  constructor(readonly table: Map<string, AuditEntry> = new Map()) {
    super();
  }

  override async append(entries: readonly AuditEntry[]): Promise<void> {
    for (const entry of entries) this.table.set(entry.id, entry);
    const kept = firstIdAt((entries.at(-1)?.atMs ?? 0) - AUDIT_KEPT_MS);
    for (const id of [...this.table.keys()].sort())
      if (id < kept || this.table.size > AUDIT_ENTRIES_MAX) this.table.delete(id);
  }

  override async search(
    filter: AuditFilter,
    before: string | null,
    limit: number,
    nowMs: number,
  ): Promise<AuditPage> {
    const isWanted = ({ id, atMs, operator }: AuditEntry): boolean =>
      (before === null || id < before) &&
      atMs >= sinceOf(filter, nowMs) &&
      (filter.operator === null || operator === filter.operator);
    const found = [...this.table.values()].filter(isWanted).sort((a, b) => (a.id < b.id ? 1 : -1));
    const entries = found.slice(0, limit);
    return { entries, nextBefore: found.length > limit ? (entries.at(-1)?.id ?? null) : null };
  }
}
