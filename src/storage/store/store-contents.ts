import type { JournalTable } from '../journal/journal.js';
import type { RecordKind } from '../records/record-kind.js';

/** The kinds of records and journals that a store has, as the features declare them. */
export interface StoreContents {
  readonly records: readonly RecordKind<object>[];
  readonly journals: readonly JournalTable[];
}

export const STORE_CONTENTS = Symbol('StoreContents');
