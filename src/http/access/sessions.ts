/**
 * Sessions that no replica has to remember. A cookie contains its end, signed by a key derived from the secret of the
 * sign-in, so it is valid on every replica that has this secret, as long as it has it. Only sign-outs are remembered, and
 * only by the replica that was asked.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../kernel/clock.js';
import { Secret } from '../../kernel/secret.js';

export const SESSION_COOKIE = 'wxkf_session';
const LIFETIME_MS = 12 * 3_600_000;
const ID_BYTES = 12;
/** `<end, epoch ms>.<id>`, and the HMAC-SHA256 of that, base64url. */
const VALUE = /^((\d{13})\.[\w-]{16})\.([\w-]{43})$/;
/** Only somebody with the secret can create more than this within 12 hours. */
const ENDED_MAX = 10_000;

/** The request that a session is read from. Over https its cookie has another name. */
export type SessionRequest = Pick<FastifyRequest, 'protocol'> & {
  readonly headers: { readonly cookie?: string | undefined };
};

export interface Session {
  readonly endMs: number;
  /** The cookie's value. Until it expires it is as powerful as the secret. */
  readonly value: Secret;
}

export class Sessions {
  readonly #known: readonly { readonly secret: Secret; readonly key: Buffer }[];
  /** The signed part of ended sessions, and when each would have expired. */
  readonly #ended = new Map<string, number>();

  /** @param secrets each of which can open a session. */
  constructor(
    secrets: readonly Secret[],
    private readonly clock: Clock,
  ) {
    this.#known = secrets.map((secret) => ({ secret, key: keyOf(secret) }));
  }

  /** @returns `null` where that is none of the secrets; which one it is makes no difference to the time it takes. */
  open(presented: Secret): Session | null {
    const [known] = this.#known.filter(({ secret }) => secret.matches(presented));
    if (known === undefined) return null;
    const endMs = this.clock.nowMs() + LIFETIME_MS;
    const signed = `${endMs}.${randomBytes(ID_BYTES).toString('base64url')}`;
    return { endMs, value: new Secret(`${signed}.${signatureOf(known.key, signed).toString('base64url')}`) };
  }

  /** When the session of the request ends; `null` without a valid session. */
  endMsOf(request: SessionRequest): number | null {
    return this.#read(request)?.endMs ?? null;
  }

  /** Ends the session of the request, in this process. */
  end(request: SessionRequest): void {
    const session = this.#read(request);
    if (session === null) return;
    if (this.#ended.size >= ENDED_MAX) this.#makeRoom(this.clock.nowMs());
    this.#ended.set(session.signed, session.endMs);
  }

  /** Forgets expired sessions, or, if there are none, the one that was remembered longest. */
  #makeRoom(nowMs: number): void {
    for (const [signed, endMs] of this.#ended) {
      if (endMs <= nowMs || this.#ended.size >= ENDED_MAX) this.#ended.delete(signed);
    }
  }

  #read(request: SessionRequest): { readonly signed: string; readonly endMs: number } | null {
    const [, signed = '', end = '', signature = ''] = VALUE.exec(sessionIn(request)) ?? [];
    const endMs = Number(end);
    if (endMs <= this.clock.nowMs() || this.#ended.has(signed)) return null;
    const presented = Buffer.from(signature, 'base64url');
    const isKnown =
      this.#known.filter(({ key }) => timingSafeEqual(signatureOf(key, signed), presented)).length > 0;
    return isKnown ? { signed, endMs } : null;
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
export function setCookieOf({ value }: Session, protocol: string): string {
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

function keyOf(secret: Secret): Buffer {
  return Buffer.from(hkdfSync('sha256', secret.reveal(), '', 'wxkf-manager session', 32));
}

function signatureOf(key: Buffer, signed: string): Buffer {
  return createHmac('sha256', key).update(signed).digest();
}
