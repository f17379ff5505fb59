import type { AuditEntry } from '../../audit/audit-entry.js';
import { AUDIT_KEPT_MS } from '../../audit/audit-log.js';

/** Written by the driver itself, as hints are: see `hint.schema.ts`. */
export const AUDIT = 'wxkfaudit';

export interface AuditDocument extends Omit<AuditEntry, 'id' | 'atMs'> {
  /** The entry's id. */
  readonly _id: string;
  readonly at: Date;
  /** When MongoDB removes it. */
  readonly keptUntil: Date;
}

export function toDocument({ id, atMs, ...same }: AuditEntry): AuditDocument {
  return { _id: id, at: new Date(atMs), ...same, keptUntil: new Date(atMs + AUDIT_KEPT_MS) };
}

export function fromDocument({ _id, at, keptUntil: _keptUntil, ...same }: AuditDocument): AuditEntry {
  return { id: _id, atMs: at.getTime(), ...same };
}
