import { IsISO8601, IsString } from 'class-validator';
import type { OperatorRole } from '../kernel/role.js';

/** The header that comes with a session, for the OpenAPI document. */
export const SETS_SESSION = {
  'Set-Cookie': {
    description:
      'The session: `HttpOnly`, `SameSite=Strict`, and where the request came by https, `Secure` and as `__Host-wxkf_session`.',
    schema: { type: 'string' },
    example: 'wxkf_session=…; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict',
  },
} as const;

/** Body of a sign-in. */
export class SignInDto {
  /**
   * A secret of `AUTH_OPERATOR_TOKEN`, or the token of a named operator.
   * @example secret-of-an-operator
   */
  @IsString({ message: 'token must be a secret of the operator or the token of a named one, as text' })
  readonly token!: string;
}

/** Who is signed in. */
export class SignedInOperator {
  /**
   * `shared secret` for a secret of AUTH_OPERATOR_TOKEN; with 12 characters of the subject and ` (OIDC)` behind it for whom a
   * provider has confirmed.
   * @example alice
   */
  readonly name!: string;

  /** A reader may change nothing. */
  readonly role!: OperatorRole;
}

/** The provider by which operators may sign in besides their tokens. */
export class SignInByOidc {
  /**
   * Its host.
   * @example login.example.com
   */
  readonly provider!: string;

  /**
   * Where a browser begins the sign-in, with `?to=<page of the console>`.
   * @example https://wxkf.corp.example/console/oidc
   */
  readonly url!: string;

  /**
   * The claim that decides what somebody may do.
   * @example groups
   */
  readonly groupsClaim!: string;
}

/** Whether the browser may use the operator's API. */
export class SessionAnswer {
  /** Also true when nobody needs credentials. */
  readonly isSignedIn!: boolean;

  /** Whether sign-in is possible: false while no role has a secret, nobody is a named operator, and OIDC is not set. */
  readonly isAsked!: boolean;

  /** @example 2026-01-31T20:00:00.000Z */
  @IsISO8601()
  readonly expiresAt!: string | null;

  /** null where nobody is signed in, or nobody needs to be. */
  readonly operator!: SignedInOperator | null;

  /** null where nobody signs in by OIDC. */
  readonly oidc!: SignInByOidc | null;
}
