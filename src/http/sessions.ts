/**
 * Sign-ins that no replica has to remember: a cookie says how long it counts, signed by a key made of the secret that
 * was given for it. So it counts on every replica that has this secret, and ends with it.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Clock } from '../kernel/clock.js';
import { Secret } from '../kernel/secret.js';

export const SESSION_COOKIE = 'wxkf_session';
const LIFETIME_MS = 12 * 3_600_000;
/** `<end, epoch ms>.<HMAC-SHA256 of it, base64url>` */
const VALUE = /^(\d{13})\.([\w-]{43})$/;

export interface Session {
  readonly endMs: number;
  /** What the browser sends back; as good as the secret until then. */
  readonly value: Secret;
}

export class Sessions {
  readonly #known: readonly { readonly secret: Secret; readonly key: Buffer }[];

  /** @param secrets any of which opens one. */
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
    const signature = signatureOf(known.key, String(endMs)).toString('base64url');
    return { endMs, value: new Secret(`${endMs}.${signature}`) };
  }

  /** When the session ends that comes with the request; `null` where none comes, or it counts no longer. */
  endMsOf(cookieHeader: string | undefined): number | null {
    const [, end = '', signature = ''] = VALUE.exec(sessionIn(cookieHeader)) ?? [];
    const endMs = Number(end);
    if (endMs <= this.clock.nowMs()) return null;
    const presented = Buffer.from(signature, 'base64url');
    const isKnown =
      this.#known.filter(({ key }) => timingSafeEqual(signatureOf(key, end), presented)).length > 0;
    return isKnown ? endMs : null;
  }
}

/** Whether a session comes with the request, be it good or not. */
export function hasSession(cookieHeader: string | undefined): boolean {
  return sessionIn(cookieHeader) !== '';
}

function sessionIn(cookieHeader: string | undefined): string {
  return (cookieHeader !== undefined && parseCookie(cookieHeader)[SESSION_COOKIE]) || '';
}

/** @param isSecure whether the browser may send it over https alone. */
export function setCookieOf({ value }: Session, isSecure: boolean): string {
  return setCookie(value.reveal(), LIFETIME_MS / 1_000, isSecure);
}

/** Has the browser forget it. */
export function clearedCookie(isSecure: boolean): string {
  return setCookie('', 0, isSecure);
}

function setCookie(value: string, maxAge: number, secure: boolean): string {
  return stringifySetCookie({
    name: SESSION_COOKIE,
    value,
    maxAge,
    secure,
    httpOnly: true,
    sameSite: 'strict',
    path: '/',
  });
}

function keyOf(secret: Secret): Buffer {
  return Buffer.from(hkdfSync('sha256', secret.reveal(), '', 'wxkf-manager session', 32));
}

function signatureOf(key: Buffer, end: string): Buffer {
  return createHmac('sha256', key).update(end).digest();
}
