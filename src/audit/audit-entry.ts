import type { AnsweredCall } from '../http/access/audit-hook.js';
import type { JournalEntry } from '../storage/journal/journal.js';

/** What somebody did, or tried to do, as far as it is kept: never a body, a query or a secret. */
export interface AuditEntry extends AnsweredCall, JournalEntry {
  /** 1 for one call; more where several of one address, too many for entries of their own, are counted from this one on. */
  readonly times: number;
}

export function toEntry(id: string, call: AnsweredCall, atMs: number): AuditEntry {
  return { id, atMs, times: 1, ...call };
}
