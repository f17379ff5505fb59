import { hash } from 'node:crypto';
import type { Secret } from '../../kernel/secret.js';

/** What WeCom, or a gateway in its place, gave for a secret. */
export interface AccessToken {
  readonly value: Secret;
  /** `tokenIdOf(value)`. */
  readonly id: string;
  /** Store time, epoch milliseconds. */
  readonly expiresAtMs: number;
  /** A call with it was answered that it is no good: it is not given out, and known when it comes again. */
  readonly isRevoked: boolean;
  /** Ids of those that it replaced, the newest first: callers may still have them. Left out where there are none. */
  readonly formerIds?: readonly string[];
}

/** WeCom's refusal to give a token, and until when it need not be asked again. */
export interface Refusal {
  readonly errcode: number;
  readonly errmsg: string;
  /** How often in succession, from 1. */
  readonly count: number;
  /** Store time, epoch milliseconds. */
  readonly untilMs: number;
}

/** The token record of one corpSecret of a corp. It does not have the secret itself. */
export interface TokenRecord {
  /** `secretIdOf` the two. */
  readonly secretId: string;
  readonly corpId: string;
  /** The last one, even when it has expired; `null` while WeCom never gave one. */
  readonly token: AccessToken | null;
  /** `null` unless the last answer was one. */
  readonly refusal: Refusal | null;
  /** When upstream answered last, store time, epoch milliseconds. */
  readonly answeredAtMs: number;
}

/** Tells an access token apart and shows nothing of it. */
export function tokenIdOf(accessToken: Secret): string {
  return hash('sha256', `token ${accessToken.reveal()}`, 'base64url');
}
