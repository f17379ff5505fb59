export interface WhatToChange {
  /** Also what is stored and differs. */
  readonly mayReplace: boolean;
  /** Nothing: what would become of each line is counted. */
  readonly isTrial: boolean;
}

export type Outcome = 'added' | 'replaced' | 'unchanged' | 'skipped';
