import { hash, randomBytes } from 'node:crypto';
import type { OperatorRole } from '../kernel/role.js';
import { Secret } from '../kernel/secret.js';
import type { RecordKind } from '../storage/records/record-kind.js';

/** Marks a token, also for scanners that look for secrets in source text. */
export const TOKEN_PREFIX = 'wxop_';
const TOKEN_BYTES = 32;
const ID_LENGTH = 12;

/** No space, so that it cannot be the name of the shared secret. Small letters, so that no two look alike. */
export const NAME_FORMAT = {
  pattern: /^[a-z0-9][a-z0-9._@-]{0,63}$/,
  expected: 'a name of 1 to 64 small letters, digits and . _ @ -, beginning with a letter or digit',
};

/** The one token of an operator, of which only a hash is known. */
export interface OperatorToken {
  /** See `hashOfToken`. */
  readonly hash: string;
  /** Store time, epoch milliseconds. */
  readonly createdAtMs: number;
}

/** A person, or a program, that uses the operators' API under a name of its own. */
export interface Operator {
  readonly name: string;
  readonly role: OperatorRole;
  /** Store time, epoch milliseconds. */
  readonly createdAtMs: number;
  readonly token: OperatorToken;
}

/** A session of the console that was ended before its time. */
export interface EndedSession {
  readonly id: string;
  /** Of the token that it was opened with; `''` for the shared secret. */
  readonly tokenId: string;
  /** When it would have ended by itself, epoch milliseconds. */
  readonly endMs: number;
}

/** Far more than a company has, and few enough for each replica to keep all of them in memory. */
export const OPERATORS_MAX = 1_000;
/**
 * For each token, and for the shared secret. The holders of a token can end more sessions than this within 12 hours. Then those
 * sessions of the same token are forgotten that would end first by themselves.
 */
export const ENDED_SESSIONS_MAX = 100;

export const OPERATORS: RecordKind<Operator> = {
  name: 'operators',
  keyOf: ({ name }) => name,
  isPolled: true,
};

export const ENDED_SESSIONS: RecordKind<EndedSession> = {
  name: 'endedsessions',
  keyOf: ({ id }) => id,
  lookupKeysOf: ({ tokenId }) => [tokenId],
  expiresAtMsOf: ({ endMs }) => endMs,
  isPolled: true,
};

/** The ids to be forgotten when another session of a token is ended. @param ofToken sessions of the token that ended before. */
export function surplusBeside({ id }: EndedSession, ofToken: readonly EndedSession[]): readonly string[] {
  const others = ofToken.filter((one) => one.id !== id).toSorted((a, b) => b.endMs - a.endMs);
  return others.slice(ENDED_SESSIONS_MAX - 1).map((one) => one.id);
}

export function newToken(): Secret {
  return new Secret(TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url'));
}

/** A token has 256 random bits, too many to be guessed, so no slow hash is needed. */
export function hashOfToken(token: string): string {
  return hash('sha256', `operator token ${token}`, 'base64url');
}

/** Names a token without revealing anything of it. */
export function tokenIdOf({ hash: digest }: Pick<OperatorToken, 'hash'>): string {
  return digest.slice(0, ID_LENGTH);
}
