import { ENDPOINT_LENGTH_MAX } from '../kernel/wecom-format.js';

/** Where a puppet is reached. */
export interface Endpoint {
  /** Scheme, host and port: what sockets are pooled by. */
  readonly origin: string;
  /** Path without a slash at its end, `''` for none: `/callback` follows it. */
  readonly basePath: string;
}

/** What is wrong with an endpoint, to follow "must". */
export type EndpointFault = string;

/** @returns the endpoint, or what it must be instead. */
export function parseEndpoint(text: string): Endpoint | EndpointFault {
  if (text.length > ENDPOINT_LENGTH_MAX) return `be at most ${ENDPOINT_LENGTH_MAX} characters long`;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return 'be a URL like http://host:port or https://host/path';
  }
  if (url.username !== '' || url.password !== '') return 'not carry a user name or password';
  if (url.search !== '' || url.hash !== '') return 'end with its path, without a query or fragment';
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, '') };
}
