export interface WhatToChange {
  /** Also replace what is stored and differs. */
  readonly mayReplace: boolean;
  /** Change nothing, and count what would be done. */
  readonly isTrial: boolean;
}

/** `fault`: nothing was written, for this reason. */
export type ImportResult = ImportOutcome | { readonly fault: string };

export type ImportOutcome = 'added' | 'replaced' | 'unchanged' | 'skipped';
