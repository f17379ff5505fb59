import { hash } from 'node:crypto';
import type { Secret } from '../../kernel/secret.js';

/** The access token that WeCom, or a gateway in its place, gave for a secret. */
export interface AccessToken {
  readonly value: Secret;
  /** `tokenIdOf(value)`. */
  readonly id: string;
  /** Store time, epoch milliseconds. */
  readonly expiresAtMs: number;
  /** Whether WeCom refused a call with it. It is given out no more, but is still known when a caller sends it. */
  readonly isRevoked: boolean;
  /** Ids of the tokens that it replaced, newest first. Callers may still have them. Left out when there are none. */
  readonly formerIds?: readonly string[];
}

/** WeCom's refusal to give a token, and until when it need not be asked again. */
export interface TokenRefusal {
  readonly errcode: number;
  readonly errmsg: string;
  /** How often the same refusal came in succession, from 1. */
  readonly count: number;
  /** Store time, epoch milliseconds. */
  readonly untilMs: number;
}

/** The token record of one secret of a corp. It does not contain the secret itself. */
export interface TokenRecord {
  /** `secretIdOf(corpId, corpSecret)`. */
  readonly secretId: string;
  readonly corpId: string;
  /** The last token, also when it has expired; `null` when WeCom never gave one. */
  readonly token: AccessToken | null;
  /** The last answer if it was a refusal; else `null`. */
  readonly refusal: TokenRefusal | null;
  /** When upstream answered last, store time, epoch milliseconds. */
  readonly answeredAtMs: number;
}

/** Identifies an access token without revealing it. */
export function tokenIdOf(accessToken: Secret): string {
  return hash('sha256', `token ${accessToken.reveal()}`, 'base64url');
}
