import type { AuditPageAnswer } from './answers.gen.js';
import { toQuery } from './query.js';
import { request } from './request.js';

/** What is looked for; empty for all. */
export interface AuditFilter {
  readonly operator: string;
  /** ISO 8601. */
  readonly since: string;
}

const PAGE_SIZE = 50;

/** The latest first. */
export function listAudit(
  filter: AuditFilter,
  cursor: string | null,
  signal: AbortSignal,
): Promise<AuditPageAnswer> {
  return request(`/api/v1/audit${toQuery({ ...filter, cursor, limit: PAGE_SIZE })}`, { signal });
}
