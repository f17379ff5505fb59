import { IsISO8601 } from '../kernel/class-validator.js';
import type { OperatorRole } from '../kernel/role.js';

/** Who is signed in. */
export class SignedInOperator {
  /**
   * `shared secret` for a secret of AUTH_OPERATOR_TOKEN.
   * @example alice
   */
  readonly name!: string;

  /** A reader may change nothing. */
  readonly role!: OperatorRole;
}

/** Whether the browser may use the operator's API. */
export class SessionAnswer {
  /** Also true when nobody needs credentials. */
  readonly isSignedIn!: boolean;

  /** Whether sign-in is possible: false while no role has a secret. */
  readonly isAsked!: boolean;

  /** @example 2026-01-31T20:00:00.000Z */
  @IsISO8601()
  readonly expiresAt!: string | null;

  /** null where nobody is signed in, or nobody needs to be. */
  readonly operator!: SignedInOperator | null;
}
