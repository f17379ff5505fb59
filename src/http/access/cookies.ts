/** The manager's own cookies. Scripts cannot read them. A cookie that is set over https is sent to this host by https alone. */
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyRequest } from 'fastify';

/** The request that a cookie is read from. Over https the cookie has another name. */
export type CookieRequest = Pick<FastifyRequest, 'protocol'> & {
  readonly headers: { readonly cookie?: string | undefined };
};

export interface OwnCookie {
  readonly name: string;
  /** Seconds; 0 makes the browser forget it. */
  readonly maxAgeS: number;
  /** `lax`: the browser also sends it when it follows a link from another site. `strict`: it does not. */
  readonly sameSite: 'lax' | 'strict';
}

/** @returns the cookie's value; `''` when the request has no such cookie. */
export function cookieIn({ headers: { cookie }, protocol }: CookieRequest, name: string): string {
  return (cookie !== undefined && parseCookie(cookie)[nameFor(protocol, name)]) || '';
}

/** @param protocol of the request. If it is https, the browser may send the cookie only by https. */
export function setCookie({ name, maxAgeS, sameSite }: OwnCookie, value: string, protocol: string): string {
  return stringifySetCookie({
    name: nameFor(protocol, name),
    value,
    maxAge: maxAgeS,
    secure: protocol === 'https',
    httpOnly: true,
    sameSite,
    path: '/',
  });
}

/** With this prefix browsers accept the cookie only from this host and by https (RFC 6265bis, 4.1.3.2). */
function nameFor(protocol: string, name: string): string {
  return protocol === 'https' ? `__Host-${name}` : name;
}
