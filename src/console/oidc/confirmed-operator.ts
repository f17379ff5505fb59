/** Makes an operator, with name and role, of the claims that the provider confirmed. */
import type { OidcSettings } from '../../config/oidc.js';
import { type ConfirmedOperator, subjectIdOf } from '../../http/access/sessions.js';
import { AppError } from '../../kernel/app-error.js';
import type { OperatorRole } from '../../kernel/role.js';

/** Claims of the ID token, and of UserInfo. */
export type Claims = Readonly<Record<string, unknown>>;

const NAME_LENGTH_MAX = 128;
/** No invisible character, and only single blanks between words, so that different names do not look the same. */
const NAME = /^[^\p{C}\p{Z}\p{DI}\u2800]+(?: [^\p{C}\p{Z}\p{DI}\u2800]+)*$/u;
/** Ends each name. Names of operators with a token cannot have blanks and brackets. */
const SUFFIX = '(OIDC)';

/** @throws AppError `AUTH_OIDC_NO_ROLE`; `AUTH_OIDC_REFUSED` when no claim gives a name */
export function toConfirmedOperator(claims: Claims, settings: OidcSettings): ConfirmedOperator {
  const subject = claims.sub;
  const ownName = nameIn(claims);
  if (typeof subject !== 'string' || ownName === null) {
    const why = `none of preferred_username, email and sub is a name of at most ${NAME_LENGTH_MAX} characters`;
    throw new AppError('AUTH_OIDC_REFUSED', { internal: { why } });
  }
  // Two people may have the same name, or choose it themselves. They cannot choose the part behind it.
  const name = `${ownName} ${subjectIdOf(subject)} ${SUFFIX}`;
  const groups = groupsIn(claims, settings.groupsClaim);
  const role = roleOf(groups ?? [], settings);
  if (role === null) {
    const why =
      groups === null
        ? `there is no claim ${settings.groupsClaim} that is a list of texts`
        : `none of the ${groups.length} groups is listed`;
    throw new AppError('AUTH_OIDC_NO_ROLE', {
      detail: settings.groupsClaim,
      internal: { operator: name, why },
    });
  }
  return { name, role, subject };
}

/** Skips an email that the provider calls not verified, in any form: it may be another person's. */
function nameIn({ preferred_username: user, email, email_verified: isVerified, sub }: Claims): string | null {
  const isOwn = [undefined, true, 'true'].some((value) => value === isVerified);
  return [user, isOwn ? email : null, sub].find(isName) ?? null;
}

function isName(text: unknown): text is string {
  return typeof text === 'string' && text.length <= NAME_LENGTH_MAX && NAME.test(text);
}

/** @returns `null` when the claim is missing, or neither a text nor a list. */
function groupsIn(claims: Claims, claim: string): readonly string[] | null {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  const all: readonly unknown[] | null =
    typeof value === 'string' ? [value] : Array.isArray(value) ? value : null;
  return all === null ? null : all.filter((group) => typeof group === 'string');
}

function roleOf(groups: readonly string[], { adminGroups, readerGroups }: OidcSettings): OperatorRole | null {
  const isIn = (listed: readonly string[]): boolean => listed.some((group) => groups.includes(group));
  if (isIn(adminGroups)) return 'admin';
  return isIn(readerGroups) ? 'reader' : null;
}
