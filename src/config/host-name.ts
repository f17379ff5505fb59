import { domainToASCII } from 'node:url';
import ipaddr from 'ipaddr.js';

/** Characters that stand before or after the host of a URL, and never in it. */
const BESIDE_HOST = /[/?#@:\\%\s]/;
const NAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/**
 * Numbers, in any notation, are not taken for a name: they mean an address, which is easily misread.
 * @returns the name in lower case and ASCII, as in a URL, without a final dot; `null` for a text that is no name.
 */
export function parseHostName(text: string): string | null {
  if (BESIDE_HOST.test(text)) return null;
  const ascii = domainToASCII(text.replace(/\.$/, ''));
  return NAME.test(ascii) && !ipaddr.isValid(ascii) ? ascii : null;
}

/** Makes the host of a URL or of HOST comparable: in lower case, without a final dot and the brackets of IPv6. */
export function toPlainHost(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$|\.$/, '$1');
}

/** Whether a host, as it stands in a URL or in HOST, can only mean this machine; `*.localhost` by RFC 6761, 6.3. */
export function isLoopbackHost(host: string): boolean {
  const plain = toPlainHost(host);
  if (plain === 'localhost' || plain.endsWith('.localhost')) return true;
  return ipaddr.isValid(plain) && ipaddr.process(plain).range() === 'loopback';
}
