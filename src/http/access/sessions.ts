/**
 * Sessions that no replica has to remember. A cookie contains its end, signed by a key, so it is valid on every replica that
 * can make the same key: of the shared secret of the sign-in, or of a secret of the settings and the hash of an operator's
 * token, so that neither the store alone nor an operator alone can sign. It ends with that secret or token. Only sessions
 * that end before are remembered, in the store, which every replica reads.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../kernel/clock.js';
import { Secret } from '../../kernel/secret.js';
import { type CallingOperator, type NamedOperator, OperatorKeys, SHARED_SECRET } from './operator-keys.js';

export const SESSION_COOKIE = 'wxkf_session';
const LIFETIME_MS = 12 * 3_600_000;
const ID_BYTES = 12;
/** `<end, epoch ms>.<id>`, for a named operator `.<token's id>` too, and the HMAC-SHA256 of that, base64url. */
const VALUE = /^((\d{13})\.[\w-]{16}(?:\.([\w-]{12}))?)\.([\w-]{43})$/;

/** The request that a session is read from. Over https its cookie has another name. */
export type SessionRequest = Pick<FastifyRequest, 'protocol'> & {
  readonly headers: { readonly cookie?: string | undefined };
};

export interface Session {
  readonly endMs: number;
  readonly operator: CallingOperator;
}

export interface OpenedSession extends Session {
  /** The cookie's value. Until it expires it is as powerful as what it was opened with. */
  readonly value: Secret;
}

interface ReadSession extends Session {
  /** Names the session. */
  readonly signed: string;
  /** Of the operator's token; `''` for one of the shared secret. */
  readonly tokenId: string;
}

/** Secrets that the settings have, for both kinds of sessions. */
export interface SessionSecrets {
  /** Each of them can open a session. */
  readonly shared: readonly Secret[];
  /** For sessions of named operators, the first to sign with, all to verify with. */
  readonly signing: readonly Secret[];
}

export class Sessions {
  readonly #shared: readonly { readonly secret: Secret; readonly key: Buffer }[];

  constructor(
    private readonly secrets: SessionSecrets,
    private readonly clock: Clock,
    private readonly operators: OperatorKeys = new OperatorKeys(),
  ) {
    this.#shared = secrets.shared.map((secret) => ({ secret, key: keyOf(secret, '') }));
  }

  /**
   * @param presented a shared secret, or the token of an operator.
   * @returns `null` where that is neither; which secret it is makes no difference to the time it takes.
   */
  open(presented: Secret): OpenedSession | null {
    const [shared] = this.#shared.filter(({ secret }) => secret.matches(presented));
    if (shared !== undefined) return this.#sign(shared.key, '', SHARED_SECRET);
    const operator = this.operators.known.findByToken(presented.reveal());
    const [key] = operator === null ? [] : this.#keysOf(operator);
    if (operator === null || key === undefined) return null;
    return this.#sign(key, `.${operator.tokenId}`, operator);
  }

  /** Whether anything could open one. Without any secret of the settings none can be signed. */
  get canOpen(): boolean {
    return this.#shared.length > 0 || (this.secrets.signing.length > 0 && this.hasNamedOperators);
  }

  /** Whether operators have tokens of their own. */
  get hasNamedOperators(): boolean {
    return this.operators.known.hasAny;
  }

  /** Whether it cannot be said yet that a token opens none. */
  isUnsureOf(presented: Secret): boolean {
    return this.operators.known.mayBecomeKnown(presented.reveal());
  }

  /** The session of the request; `null` without a valid one. */
  find(request: SessionRequest): Session | null {
    return this.#read(request);
  }

  /** Whether it cannot be said yet that the request has no valid session: it is one of an operator, and none was read yet. */
  isUnsureOfSession(request: SessionRequest): boolean {
    const [, , end, tokenId] = VALUE.exec(sessionIn(request)) ?? [];
    return tokenId !== undefined && Number(end) > this.clock.nowMs() && !this.operators.known.isLoaded;
  }

  /** Ends the session of the request, here at once, and soon on every replica. */
  end(request: SessionRequest): void {
    const session = this.#read(request);
    if (session === null) return;
    const { signed: id, tokenId, endMs } = session;
    this.operators.known.endSession({ id, tokenId, endMs });
  }

  #sign(key: Buffer, suffix: string, operator: CallingOperator): OpenedSession {
    const endMs = this.clock.nowMs() + LIFETIME_MS;
    const signed = `${endMs}.${randomBytes(ID_BYTES).toString('base64url')}${suffix}`;
    const value = new Secret(`${signed}.${signatureOf(key, signed).toString('base64url')}`);
    return { endMs, operator, value };
  }

  #read(request: SessionRequest): ReadSession | null {
    const [, signed = '', end = '', tokenId = '', signature = ''] = VALUE.exec(sessionIn(request)) ?? [];
    const endMs = Number(end);
    if (endMs <= this.clock.nowMs() || this.operators.known.isEnded(signed)) return null;
    const named = tokenId === '' ? null : this.operators.known.findByTokenId(tokenId);
    if (tokenId !== '' && named === null) return null;
    const keys = named === null ? this.#shared.map(({ key }) => key) : this.#keysOf(named);
    const presented = Buffer.from(signature, 'base64url');
    const isKnown = keys.filter((key) => timingSafeEqual(signatureOf(key, signed), presented)).length > 0;
    return isKnown ? { signed, tokenId, endMs, operator: named ?? SHARED_SECRET } : null;
  }

  #keysOf({ tokenHash }: NamedOperator): Buffer[] {
    return this.secrets.signing.map((secret) => keyOf(secret, tokenHash));
  }
}

/** Whether the request has a session cookie, valid or not. */
export function hasSession(request: SessionRequest): boolean {
  return sessionIn(request) !== '';
}

function sessionIn({ headers: { cookie }, protocol }: SessionRequest): string {
  return (cookie !== undefined && parseCookie(cookie)[cookieNameOf(protocol)]) || '';
}

/** With this prefix browsers accept the cookie only from this host and by https (RFC 6265bis, 4.1.3.2). */
function cookieNameOf(protocol: string): string {
  return protocol === 'https' ? `__Host-${SESSION_COOKIE}` : SESSION_COOKIE;
}

/** @param protocol of the request. If it is https, the browser may send the cookie only by https. */
export function setCookieOf({ value }: OpenedSession, protocol: string): string {
  return setCookie(value.reveal(), LIFETIME_MS / 1_000, protocol);
}

/** Makes the browser forget the cookie. */
export function clearedCookie(protocol: string): string {
  return setCookie('', 0, protocol);
}

function setCookie(value: string, maxAge: number, protocol: string): string {
  return stringifySetCookie({
    name: cookieNameOf(protocol),
    value,
    maxAge,
    secure: protocol === 'https',
    httpOnly: true,
    sameSite: 'strict',
    path: '/',
  });
}

/** @param salt the hash of an operator's token; `''` for a session by the shared secret. */
function keyOf(secret: Secret, salt: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret.reveal(), salt, 'wxkf-manager session', 32));
}

function signatureOf(key: Buffer, signed: string): Buffer {
  return createHmac('sha256', key).update(signed).digest();
}
