import type { AuditEntryAnswer } from './answers.gen.js';
import { usePaged } from './answers.js';

/** What is looked for; empty for all. */
export interface AuditFilter {
  readonly operator: string;
  /** ISO 8601. */
  readonly since: string;
}

/** The latest first. */
export const useAudit = (filter: AuditFilter) => usePaged<AuditEntryAnswer>('/api/v1/audit', { ...filter });
