import type { AccountStatesAnswer } from './answers.gen.js';

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** null at the end. */
  readonly nextCursor: string | null;
  /** Of all pages; null where it is not known. */
  readonly total?: number | null;
  /** Of lists of accounts: how many are in each state, on all pages of all states. */
  readonly counts?: AccountStatesAnswer;
}
