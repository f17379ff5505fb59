import { IsISO8601, IsString } from 'class-validator';
import type { OperatorRole } from '../kernel/role.js';

/** The header that comes with a session, for the OpenAPI document. */
export const SETS_SESSION = {
  'Set-Cookie': {
    description:
      'The session: `HttpOnly`, `SameSite=Strict`. When the request came by https, also `Secure`, with the name `__Host-wxkf_session`.',
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
  @IsString({
    message: 'token must be a secret of AUTH_OPERATOR_TOKEN or the token of a named operator, as text',
  })
  readonly token!: string;
}

/** Who is signed in. */
export class SignedInOperator {
  /**
   * `shared secret` for a secret of AUTH_OPERATOR_TOKEN. A name that an OpenID provider confirmed ends with 12 characters of the
   * subject and ` (OIDC)`.
   * @example alice
   */
  readonly name!: string;

  /** A reader cannot change anything. */
  readonly role!: OperatorRole;
}

/** The OpenID provider by which operators can sign in instead of with a token. */
export class SignInByOidc {
  /**
   * The provider's host.
   * @example login.example.com
   */
  readonly provider!: string;

  /**
   * Where a browser begins the sign-in, with `?to=<page of the console>`.
   * @example https://wxkf.corp.example/console/oidc
   */
  readonly url!: string;

  /**
   * The claim whose groups decide the role of a person.
   * @example groups
   */
  readonly groupsClaim!: string;
}

/** Whether the browser may use the operator's API. */
export class SessionAnswer {
  /** Also true when no credentials are needed. */
  readonly isSignedIn!: boolean;

  /** Whether one must sign in: false while no role has a secret, there is no named operator, and OIDC is not set. */
  readonly isAsked!: boolean;

  /** @example 2026-01-31T20:00:00.000Z */
  @IsISO8601()
  readonly expiresAt!: string | null;

  /** null when nobody is signed in, or no sign-in is needed. */
  readonly operator!: SignedInOperator | null;

  /** Whether `SECRETS_KEY` is set, without which no bot can take messages. null when nobody is signed in. */
  readonly hasSecretsKey!: boolean | null;

  /** null when OIDC is not set. */
  readonly oidc!: SignInByOidc | null;
}
