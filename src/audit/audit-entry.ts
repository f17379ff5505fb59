import type { AnsweredCall } from '../http/access/audit-hook.js';
import type { JournalEntry } from '../storage/journal/journal.js';

/** What somebody did, or tried to do, as far as it is kept: never a value of a body, a query or a secret. */
export interface AuditEntry extends AnsweredCall, JournalEntry {
  /** 1 for a single call. When calls of one address are too many for entries of their own, one entry counts them. */
  readonly times: number;
}

export function toEntry(id: string, call: AnsweredCall, atMs: number): AuditEntry {
  return { id, atMs, times: 1, ...call };
}
