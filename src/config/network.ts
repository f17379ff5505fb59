import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address, and how many of its first bits count. */
export interface Network {
  readonly address: Address;
  readonly bits: number;
}

/**
 * Reads one address, or a range such as `10.0.0.0/8`, in the usual notation. A range within `::ffff:0:0/96` becomes the
 * IPv4 range that is embedded in it, since its addresses lead there.
 * @returns `null` when the text is neither.
 */
export function parseNetwork(text: string): Network | null {
  const isRange = text.includes('/');
  const { IPv4, IPv6 } = ipaddr;
  // The library also reads 10.1 and 012.0x1, which people read in different ways.
  if (isRange ? IPv4.isValidCIDRFourPartDecimal(text) : IPv4.isValidFourPartDecimal(text)) {
    const [address, bits] = IPv4.parseCIDR(isRange ? text : `${text}/32`);
    return { address, bits };
  }
  if (text.includes('%') || !(isRange ? IPv6.isValidCIDR(text) : IPv6.isValid(text))) return null;
  const [address, bits] = IPv6.parseCIDR(isRange ? text : `${text}/128`);
  return bits >= 96 && address.isIPv4MappedAddress()
    ? { address: address.toIPv4Address(), bits: bits - 96 }
    : { address, bits };
}

/** @param address an IPv4 address has to be in its IPv4 form. */
export function isInOneOf(networks: readonly Network[], address: Address): boolean {
  return networks.some(
    (network) => address.kind() === network.address.kind() && address.match(network.address, network.bits),
  );
}
