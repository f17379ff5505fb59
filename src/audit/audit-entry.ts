import { randomBytes } from 'node:crypto';
import type { AnsweredCall } from '../http/access/audit-hook.js';

/** What somebody did, or tried to do, as far as it is kept: never a body, a query or a secret. */
export interface AuditEntry extends AnsweredCall {
  /** Sorts by time. */
  readonly id: string;
  /** Store time, epoch milliseconds. */
  readonly atMs: number;
  /** 1 for one call; more where several of one address, too many for entries of their own, are counted from this one on. */
  readonly times: number;
}

const TIME_DIGITS = 13;
const RANDOM_BYTES = 6;

/** The first id of a time; every id of an earlier one is smaller. */
export function firstIdAt(atMs: number): string {
  return String(Math.max(0, Math.trunc(atMs))).padStart(TIME_DIGITS, '0');
}

export function toEntry(call: AnsweredCall, atMs: number): AuditEntry {
  return { id: firstIdAt(atMs) + randomBytes(RANDOM_BYTES).toString('hex'), atMs, times: 1, ...call };
}

export function isEntryId(text: string): boolean {
  return /^\d{13}[0-9a-f]{12}$/.test(text);
}
