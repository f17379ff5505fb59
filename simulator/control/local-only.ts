/**
 * The page and its API are for this machine's own user. A page of another site in the same browser gives itself
 * away by Origin, or by Host where it lets a name of its own point to 127.0.0.1.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackName } from '../../src/http/address.js';

/** @returns why the request is refused; `null` when it is from here. */
export function foreignReason({ host, origin }: IncomingHttpHeaders): string | null {
  if (host !== undefined && !isLoopbackName(host.replace(/:\d*$/, '')))
    return 'the header Host names another host';
  if (origin !== undefined && URL.parse(origin)?.host !== host) return 'the header Origin names another site';
  return null;
}
