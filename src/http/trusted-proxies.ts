import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import type { Log } from '../kernel/log.js';

type Range = ReturnType<typeof ipaddr.parseCIDR>;

const IPV4_MAPPED_BITS = 96;
const ADDRESSES_KNOWN_MAX = 1_000;
/** An IPv6 address with a zone; a header may have said anything. */
const ADDRESS_LENGTH_MAX = 64;

/** The peers whose X-Forwarded-For is believed. */
export class TrustedProxies {
  readonly #ranges: readonly Range[];
  /** Looked up again with each request that a proxy passes on. */
  readonly #known = new LRUCache<string, boolean>({ max: ADDRESSES_KNOWN_MAX });

  /** @param list Addresses and CIDRs, as the settings found them good. */
  constructor(list: readonly string[] = []) {
    this.#ranges = list.map(toRange);
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** False for what is no address, such as `unknown` in a header. */
  has(address = ''): boolean {
    if (this.isEmpty || address.length > ADDRESS_LENGTH_MAX) return false;
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const isListed = this.#isListed(address);
    this.#known.set(address, isListed);
    return isListed;
  }

  #isListed(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return this.#ranges.some(
      ([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits),
    );
  }
}

/** Where the list has IPv4 in IPv6's clothes, as it would be compared. */
function toRange(text: string): Range {
  const [network, bits] = ipaddr.parseCIDR(
    text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`,
  );
  if (network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= IPV4_MAPPED_BITS) {
    return [network.toIPv4Address(), bits - IPV4_MAPPED_BITS];
  }
  return [network, bits];
}

/**
 * Tells, once, of a peer that speaks for others and is not believed: if it is a proxy, everybody behind it counts as
 * one caller, in each limit per address.
 */
export function noticeOfForwarding(proxies: TrustedProxies, log: Log): (request: IncomingMessage) => void {
  let isTold = false;
  return ({ headers, socket }) => {
    if (isTold || headers['x-forwarded-for'] === undefined) return;
    const { remoteAddress } = socket;
    if (proxies.has(remoteAddress)) return;
    isTold = true;
    const reason =
      'if this peer is your proxy, name it in TRUST_PROXY; all who come through it count as one until then';
    log.warn({ peer: remoteAddress, reason }, 'http.proxy_untrusted');
  };
}
