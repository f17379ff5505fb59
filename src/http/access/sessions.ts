/**
 * Sessions that no replica has to remember. A cookie contains the end of its session, signed with a key. Every replica can make
 * the key, so the cookie is valid on all of them. What the key is made of depends on the sign-in:
 *
 * - by a shared secret: that secret;
 * - by an operator's token: a secret of the settings and the hash of the token, so that neither the store alone nor the
 *   operator alone is enough to sign;
 * - by an OpenID provider: the settings of that provider, and a secret of a role if there is one.
 *
 * A session ends when that secret, token or setting is changed or removed. Only sessions that end earlier are remembered, in the
 * store, which every replica reads.
 */
import { createHmac, hash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { OidcSettings } from '../../config/oidc.js';
import type { Clock } from '../../kernel/clock.js';
import type { OperatorRole } from '../../kernel/role.js';
import { Secret } from '../../kernel/secret.js';
import { cookieIn, type CookieRequest, type OwnCookie, setCookie } from './cookies.js';
import {
  type CallingOperator,
  type NamedOperator,
  type OperatorDirectory,
  SHARED_SECRET,
} from './operator-directory.js';

export const SESSION_COOKIE = 'wxkf_session';
const LIFETIME_MS = 12 * 3_600_000;
/** Shorter, since nobody tells the manager when somebody leaves a group. */
const OIDC_LIFETIME_MS = 8 * 3_600_000;
const ID_BYTES = 12;
const SUBJECT_LENGTH = 12;
/** `<end, epoch ms>.<id>`, for a named operator also `.<token's id>`; then `.` and the HMAC-SHA256 of all that, base64url. */
const VALUE = /^((\d{13})\.[\w-]{16}(?:\.([\w-]{12}))?)\.([\w-]{43})$/;
/** Of a person whom a provider let in: `<end>.<id>.<role>.<subject's id>.<name>`; then `.` and the HMAC-SHA256 of that. */
const OIDC_VALUE = /^(((\d{13})\.[\w-]{16})\.(admin|reader)\.([\w-]{12})\.([\w-]{1,1024}))\.([\w-]{43})$/;

export type SessionRequest = CookieRequest;

export interface ConsoleSession {
  readonly endMs: number;
  readonly operator: CallingOperator;
}

export interface OpenedSession extends ConsoleSession {
  readonly lifetimeMs: number;
  /** The cookie's value. Until the session ends, it can do as much as the secret or token that opened it. */
  readonly value: Secret;
}

interface ReadSession extends ConsoleSession {
  /** Names the session. */
  readonly id: string;
  /** The id of the operator's token; `''` for the shared secret; the subject's id for a person whom a provider let in. */
  readonly tokenId: string;
}

/** Somebody whom an OpenID provider has confirmed. */
export interface ConfirmedOperator extends CallingOperator {
  /** The provider's id of the person. No other person ever has it. */
  readonly subject: string;
}

/** The secrets of the settings, for each kind of session. */
export interface SessionSecrets {
  /** Each of them can open a session. */
  readonly shared: readonly Secret[];
  /** For sessions of named operators, and as a part of the keys for OIDC. The first one signs; all of them verify. */
  readonly signing: readonly Secret[];
  /** `null` when nobody signs in by OIDC. */
  readonly oidc?: OidcSettings | null;
}

export class Sessions {
  readonly #shared: readonly { readonly secret: Secret; readonly key: Buffer }[];
  readonly #oidcKeys: readonly Buffer[];

  constructor(
    private readonly secrets: SessionSecrets,
    private readonly clock: Clock,
    private readonly operators: OperatorDirectory,
  ) {
    this.#shared = secrets.shared.map((secret) => ({ secret, key: keyOf(secret.reveal(), '') }));
    this.#oidcKeys = secrets.oidc ? oidcKeysOf(secrets.oidc, secrets.signing) : [];
  }

  /**
   * @param presented a shared secret, or the token of an operator.
   * @returns `null` when it is neither. The time that it takes does not depend on which secret it is.
   */
  open(presented: Secret): OpenedSession | null {
    const [shared] = this.#shared.filter(({ secret }) => secret.matches(presented));
    if (shared !== undefined) return this.#sign(shared.key, '', SHARED_SECRET);
    const operator = this.operators.findByToken(presented.reveal());
    const [key] = operator === null ? [] : this.#keysOf(operator);
    if (operator === null || key === undefined) return null;
    return this.#sign(key, `.${operator.tokenId}`, operator);
  }

  /** Opens a session for a person whom the provider has confirmed. @throws Error when the settings have no provider */
  openConfirmed({ subject, ...operator }: ConfirmedOperator): OpenedSession {
    const [key] = this.#oidcKeys;
    if (key === undefined) throw new Error('OIDC_ISSUER is not set');
    const name = Buffer.from(operator.name).toString('base64url');
    return this.#sign(key, `.${operator.role}.${subjectIdOf(subject)}.${name}`, operator, OIDC_LIFETIME_MS);
  }

  /** Whether any secret or token can open a session. Without a secret in the settings, no session can be signed. */
  get canOpen(): boolean {
    return this.#shared.length > 0 || (this.secrets.signing.length > 0 && this.hasNamedOperators);
  }

  /** Whether operators have tokens of their own. */
  get hasNamedOperators(): boolean {
    return this.operators.hasAny;
  }

  /** Whether a token that opens no session may still be an operator's, because the store was not read yet. */
  isUnsureOf(presented: Secret): boolean {
    return this.operators.mayBecomeKnown(presented.reveal());
  }

  /** The session of the request; `null` without a valid one. */
  find(request: SessionRequest): ConsoleSession | null {
    return this.#read(request);
  }

  /** Whether a session that `find` refuses may still be valid: it is a named operator's, and the store was not read yet. */
  isUnsureOfSession(request: SessionRequest): boolean {
    const [, , end, tokenId] = VALUE.exec(sessionIn(request)) ?? [];
    return tokenId !== undefined && Number(end) > this.clock.nowMs() && !this.operators.isLoaded;
  }

  /** Ends the session of the request, here at once, and soon on every replica. */
  end(request: SessionRequest): void {
    const session = this.#read(request);
    if (session === null) return;
    const { id, tokenId, endMs } = session;
    this.operators.endSession({ id, tokenId, endMs });
  }

  #sign(
    key: Buffer,
    suffix: string,
    operator: CallingOperator,
    lifetimeMs: number = LIFETIME_MS,
  ): OpenedSession {
    const endMs = this.clock.nowMs() + lifetimeMs;
    const signed = `${endMs}.${randomBytes(ID_BYTES).toString('base64url')}${suffix}`;
    const value = new Secret(`${signed}.${signatureOf(key, signed).toString('base64url')}`);
    return { endMs, operator, lifetimeMs, value };
  }

  #read(request: SessionRequest): ReadSession | null {
    const text = sessionIn(request);
    return this.#readConfirmed(text) ?? this.#readOwn(text);
  }

  #readOwn(text: string): ReadSession | null {
    const [, signed = '', end = '', tokenId = '', signature = ''] = VALUE.exec(text) ?? [];
    const endMs = Number(end);
    if (endMs <= this.clock.nowMs() || this.operators.isEnded(signed)) return null;
    const named = tokenId === '' ? null : this.operators.findByTokenId(tokenId);
    if (tokenId !== '' && named === null) return null;
    const keys = named === null ? this.#shared.map(({ key }) => key) : this.#keysOf(named);
    if (!isSigned(keys, signed, signature)) return null;
    return { id: signed, tokenId, endMs, operator: named ?? SHARED_SECRET };
  }

  #readConfirmed(text: string): ReadSession | null {
    const [, signed = '', id = '', end = '', role = '', subjectId = '', name = '', signature = ''] =
      OIDC_VALUE.exec(text) ?? [];
    const endMs = Number(end);
    if (endMs <= this.clock.nowMs() || this.operators.isEnded(id)) return null;
    if (!isSigned(this.#oidcKeys, signed, signature)) return null;
    const operator = { name: Buffer.from(name, 'base64url').toString(), role: role as OperatorRole };
    return { id, tokenId: subjectId, endMs, operator };
  }

  #keysOf({ tokenHash }: NamedOperator): Buffer[] {
    return this.secrets.signing.map((secret) => keyOf(secret.reveal(), tokenHash));
  }
}

/** Whether the request has a session cookie, valid or not. */
export function hasSession(request: SessionRequest): boolean {
  return sessionIn(request) !== '';
}

function sessionIn(request: SessionRequest): string {
  return cookieIn(request, SESSION_COOKIE);
}

/** @param protocol of the request. If it is https, the browser may send the cookie only by https. */
export function setCookieOf({ value, lifetimeMs }: OpenedSession, protocol: string): string {
  return setCookie(cookieFor(lifetimeMs), value.reveal(), protocol);
}

/** Makes the browser forget the cookie. */
export function clearedCookie(protocol: string): string {
  return setCookie(cookieFor(0), '', protocol);
}

function cookieFor(lifetimeMs: number): OwnCookie {
  return { name: SESSION_COOKIE, maxAgeS: lifetimeMs / 1_000, sameSite: 'strict' };
}

/** @param salt the hash of an operator's token; `''` for a session by the shared secret. */
function keyOf(secret: string, salt: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, 'wxkf-manager session', 32));
}

/**
 * Makes the keys from the client secret, which the provider knows, too, and a secret of a role, which it does not know, if there
 * is one. All settings that decide who is let in are part of the keys, so a session ends when one of them changes.
 */
function oidcKeysOf({ clientSecret, ...decisive }: OidcSettings, signing: readonly Secret[]): Buffer[] {
  const { issuer, clientId, adminGroups, readerGroups, groupsClaim } = decisive;
  const settings = JSON.stringify([issuer.href, clientId, adminGroups, readerGroups, groupsClaim]);
  const salt = hash('sha256', `oidc settings ${settings}`, 'base64url');
  const others = signing.length === 0 ? [''] : signing.map((secret) => secret.reveal());
  return others.map((other) => keyOf(`oidc ${clientSecret.reveal()} ${other}`, salt));
}

/** A short id of the subject, for a cookie and for a name. */
export function subjectIdOf(subject: string): string {
  return hash('sha256', `oidc subject ${subject}`, 'base64url').slice(0, SUBJECT_LENGTH);
}

/** Takes the same time whichever of the keys it is, or none. */
function isSigned(keys: readonly Buffer[], signed: string, signature: string): boolean {
  const presented = Buffer.from(signature, 'base64url');
  return keys.filter((key) => timingSafeEqual(signatureOf(key, signed), presented)).length > 0;
}

function signatureOf(key: Buffer, signed: string): Buffer {
  return createHmac('sha256', key).update(signed).digest();
}
