/**
 * The page and its API are for this machine's own user. A page of another site in the same browser gives itself
 * away by Origin, or by Host where it lets a name of its own point to 127.0.0.1.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** @returns why the request is refused; `null` when it is from here. */
export function foreignReason({ host, origin }: IncomingHttpHeaders): string | null {
  if (host !== undefined && !isLoopbackName(host.replace(/:\d*$/, '')))
    return 'the header Host names another host';
  if (origin !== undefined && URL.parse(origin)?.host !== host) return 'the header Origin names another site';
  return null;
}

/** Whether a name can only mean this machine; `*.localhost` by RFC 6761, 6.3. */
function isLoopbackName(name: string): boolean {
  const plain = name.toLowerCase().replace(/^\[(.*)\]$|\.$/, '$1');
  if (plain === 'localhost' || plain.endsWith('.localhost')) return true;
  return isIP(plain) !== 0 && LOOPBACK.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
}
