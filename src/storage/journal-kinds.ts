import { AUDIT } from '../audit/audit-log.js';
import { DELIVERIES } from '../record/delivery-log.js';
import { FIGURES } from '../record/figure-store.js';
import { SEEN } from '../record/seen-store.js';
import type { ColumnType, JournalKind } from './journal.js';

/** What a store needs to know of every journal before one is opened. */
export type JournalTable = Pick<JournalKind<never>, 'name' | 'isLasting' | 'common'> & {
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly fields: readonly string[];
  readonly marks: Readonly<Record<string, unknown>>;
};

export const JOURNAL_KINDS: readonly JournalTable[] = [DELIVERIES, AUDIT, FIGURES, SEEN];
