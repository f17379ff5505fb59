import { createHash, timingSafeEqual } from 'node:crypto';
import { ROLES, type Role } from '../kernel/role.js';
import type { Secret } from '../kernel/secret.js';

/** Whose credentials are whose. Keeps digests alone, so that all comparisons are of one length. */
export class Credentials {
  readonly #known: readonly { readonly role: Role; readonly digest: Buffer }[];

  constructor(secretsOf: (role: Role) => readonly Secret[]) {
    this.#known = ROLES.flatMap((role) =>
      secretsOf(role).map((secret) => ({ role, digest: digestOf(secret.reveal()) })),
    );
  }

  /**
   * Takes the same time whether the secret is the first, the last or none.
   * @param authorization The header as it came.
   * @returns `null` for what is nobody's, or no secret at all.
   */
  roleOf(authorization: string): Role | null {
    const presented = digestOf(toSecret(authorization));
    let found: Role | null = null;
    for (const { role, digest } of this.#known) {
      if (timingSafeEqual(digest, presented)) found = role;
    }
    return found;
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Bearer (RFC 6750, 2.1), or the password of Basic (RFC 7617, 2) with any user; `''` is nobody's secret. */
function toSecret(authorization: string): string {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value;
  const text = Buffer.from(value, 'base64').toString();
  const colonAt = text.indexOf(':');
  return colonAt === -1 ? '' : text.slice(colonAt + 1);
}
