import type { WecomAnswer } from '../client/wecom-answer.js';
import type { AccessToken } from './access-token.js';

/** Where an answer was found. */
export type OutcomeSource = 'memory' | 'store' | 'upstream';

/** The result of a token request: a token, or a refusal. */
export type TokenOutcome = GrantedOutcome | RefusedOutcome;

export interface GrantedOutcome {
  readonly token: AccessToken;
  readonly source: OutcomeSource;
}

export interface RefusedOutcome {
  readonly refusal: WecomAnswer;
  readonly source: OutcomeSource;
  /** Seconds until upstream may be asked again. */
  readonly retryAfterS: number;
}
