import { ENDPOINT_LENGTH_MAX } from '../../kernel/wecom-format.js';

/** Where a puppet is reached. */
export interface Endpoint {
  /** Scheme, host and port: what sockets are pooled by. */
  readonly origin: string;
  /** Name in ASCII or address, each in its one form; IPv6 without brackets. */
  readonly host: string;
  /** Path without a slash at its end, `''` for none: `/callback` follows it. */
  readonly basePath: string;
  /** Origin and path: the same for the same endpoint however it was written. */
  readonly href: string;
}

/** What is wrong with an endpoint. */
export interface EndpointFault {
  /** To follow "must". */
  readonly must: string;
}

export function readEndpoint(text: string): Endpoint | EndpointFault {
  const url = URL.parse(text);
  if (url === null || !/^\s*https?:\/\//i.test(text)) {
    return { must: 'be a URL like http://host:port or https://host/path' };
  }
  if (url.username !== '' || url.password !== '') return { must: 'not carry a user name or password' };
  if (/[?#]/.test(text)) return { must: 'end with its path, without a query or fragment' };
  // A URL parser drops the first and takes the second for a slash.
  if (/[\p{Cc}\\]/u.test(text.trim())) return { must: 'not contain control characters or backslashes' };
  if (text.length > ENDPOINT_LENGTH_MAX || url.href.length > ENDPOINT_LENGTH_MAX) {
    return { must: `be at most ${ENDPOINT_LENGTH_MAX} characters long, percent-encoded` };
  }
  const basePath = url.pathname.replace(/\/+$/, '');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { origin: url.origin, host, basePath, href: url.origin + basePath };
}

/** Whether both lead to the same, however they are written. */
export function isSameEndpoint(one: string, other: string): boolean {
  const [a, b] = [readEndpoint(one), readEndpoint(other)];
  return 'href' in a && 'href' in b && a.href === b.href;
}
