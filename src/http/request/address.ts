import ipaddr from 'ipaddr.js';

/** The smallest block that a provider gives a customer (RFC 6177, 2), who may use any address in it. */
const IPV6_GROUPS_OF_ONE = 4;
/** The address may come from a header, which may contain anything. */
const KEY_LENGTH_MAX = 64;
const IPV4_WITH_PORT = /^(\d+\.\d+\.\d+\.\d+):\d+$/;

/** The key by which callers are counted: an IPv4 address in one form, the /64 of IPv6; anything else unchanged. */
export function toAddressKey(address = ''): string {
  if (!ipaddr.IPv6.isValid(address)) return address.slice(0, KEY_LENGTH_MAX).replace(IPV4_WITH_PORT, '$1');
  const parsed = ipaddr.process(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  const network = parsed.parts.slice(0, IPV6_GROUPS_OF_ONE).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}
