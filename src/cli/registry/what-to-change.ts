export interface WhatToChange {
  /** Also replace what is stored and differs. */
  readonly mayReplace: boolean;
  /** Change nothing, and count what would be done. */
  readonly isTrial: boolean;
}

export type Outcome = 'added' | 'replaced' | 'unchanged' | 'skipped';
