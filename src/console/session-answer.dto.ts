import { IsISO8601 } from '../kernel/class-validator.js';

/** Whether the browser may use the operator's API. */
export class SessionAnswer {
  /** Also true when nobody needs credentials. */
  readonly isSignedIn!: boolean;

  /** Whether sign-in is possible: false while no role has a secret. */
  readonly isAsked!: boolean;

  /** @example 2026-01-31T20:00:00.000Z */
  @IsISO8601()
  readonly expiresAt!: string | null;
}
