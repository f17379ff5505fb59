import { createHash, timingSafeEqual } from 'node:crypto';
import { CALLERS, type Caller } from '../../kernel/role.js';
import type { Secret } from '../../kernel/secret.js';

/** Finds the role of credentials. Keeps only digests, so all comparisons have the same length. */
export class Credentials {
  readonly #known: readonly { readonly caller: Caller; readonly digest: Buffer }[];

  constructor(secretsOf: (caller: Caller) => readonly Secret[]) {
    this.#known = CALLERS.flatMap((caller) =>
      secretsOf(caller).map((secret) => ({ caller, digest: digestOf(secret.reveal()) })),
    );
  }

  /**
   * Takes the same time whether the secret is the first, the last or none.
   * @param authorization the header, unchanged.
   * @returns `null` for an unknown secret, or for none.
   */
  callerOf(authorization: string): Caller | null {
    const presented = digestOf(toSecret(authorization));
    let found: Caller | null = null;
    for (const { caller, digest } of this.#known) {
      if (timingSafeEqual(digest, presented)) found = caller;
    }
    return found;
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Bearer (RFC 6750, 2.1), or the password of Basic (RFC 7617, 2) with any user; `''` never matches a secret. */
export function toSecret(authorization: string): string {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value;
  const text = Buffer.from(value, 'base64').toString();
  const colonAt = text.indexOf(':');
  return colonAt === -1 ? '' : text.slice(colonAt + 1);
}
