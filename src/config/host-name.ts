import { domainToASCII } from 'node:url';
import ipaddr from 'ipaddr.js';

/** What a URL would have before or after its host. */
const BESIDE_HOST = /[/?#@:\\%\s]/;
const NAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/**
 * Digits alone, in whatever notation, are no name but an address that is easily misread.
 * @returns the name in lower case and ASCII, as in a URL, without a final dot; `null` where it is none.
 */
export function parseHostName(text: string): string | null {
  if (BESIDE_HOST.test(text)) return null;
  const ascii = domainToASCII(text.replace(/\.$/, ''));
  return NAME.test(ascii) && !ipaddr.isValid(ascii) ? ascii : null;
}

/** The host of a URL or of HOST as hosts are compared: in lower case, without a final dot and the brackets of IPv6. */
export function toPlainHost(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$|\.$/, '$1');
}

/** Whether a host, as it stands in a URL or in HOST, can only mean this machine; `*.localhost` by RFC 6761, 6.3. */
export function isLoopbackHost(host: string): boolean {
  const plain = toPlainHost(host);
  if (plain === 'localhost' || plain.endsWith('.localhost')) return true;
  return ipaddr.isValid(plain) && ipaddr.process(plain).range() === 'loopback';
}
