/**
 * The state of a sign-in while the browser is at the provider. It is kept in a cookie of that browser, sealed with a key from the
 * settings. So every replica can finish the sign-in, and no other browser can.
 */
import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';
import type { OidcSettings } from '../../config/oidc.js';
import { Secret } from '../../kernel/secret.js';

export const FLOW_MS = 600_000;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const RANDOM_BYTES = 32;
const SEALED = /^[\w-]{40,4096}$/;

export interface SignInFlow {
  /** Comes back with the browser (RFC 6749, 10.12). */
  readonly state: string;
  /** Comes back in the ID token. */
  readonly nonce: string;
  /** RFC 7636. */
  readonly verifier: string;
  /** The page of the console to show afterwards. */
  readonly to: string;
  /** Epoch milliseconds. */
  readonly endMs: number;
}

export function newFlow(to: string, nowMs: number): SignInFlow {
  const [state, nonce, verifier] = [newRandom(), newRandom(), newRandom()];
  return { state, nonce, verifier, to, endMs: nowMs + FLOW_MS };
}

/** RFC 7636, 4.2. */
export function challengeOf({ verifier }: SignInFlow): string {
  return hash('sha256', verifier, 'base64url');
}

export class FlowSealer {
  readonly #key: Buffer;

  constructor({ issuer, clientId, clientSecret }: OidcSettings) {
    const salt = `${issuer.href} ${clientId}`;
    this.#key = Buffer.from(
      hkdfSync('sha256', clientSecret.reveal(), salt, 'wxkf-manager sign-in by oidc', 32),
    );
  }

  seal(flow: SignInFlow): Secret {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce);
    const bytes = [nonce, cipher.update(JSON.stringify(flow)), cipher.final(), cipher.getAuthTag()];
    return new Secret(Buffer.concat(bytes).toString('base64url'));
  }

  /** @returns `null` when it was not sealed with these settings, or is too old. */
  open(sealed: string, nowMs: number): SignInFlow | null {
    if (!SEALED.test(sealed)) return null;
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv(ALGORITHM, this.#key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const text = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      const flow = JSON.parse(Buffer.concat(text).toString()) as SignInFlow;
      return flow.endMs > nowMs ? flow : null;
    } catch {
      return null;
    }
  }
}

function newRandom(): string {
  return randomBytes(RANDOM_BYTES).toString('base64url');
}
