import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import type { Config } from '../../config/config.js';
import type { ProxyList } from '../../config/proxy-list.js';
import type { Log } from '../../kernel/log.js';

const ADDRESSES_KNOWN_MAX = 1_000;
/** An IPv6 address with a zone; a header may have said anything. */
const ADDRESS_LENGTH_MAX = 64;

/** The peers whose X-Forwarded-For is believed. */
export class TrustedProxies {
  /** Known answers: `has` is called for each request that a proxy passes on. */
  readonly #known = new LRUCache<string, boolean>({ max: ADDRESSES_KNOWN_MAX });

  constructor(private readonly list?: ProxyList) {}

  get isEmpty(): boolean {
    return this.list === undefined;
  }

  /** False for a text that is no address, such as `unknown` in a header. */
  has(address = ''): boolean {
    if (this.isEmpty || address.length > ADDRESS_LENGTH_MAX) return false;
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const isListed = this.#isListed(address);
    this.#known.set(address, isListed);
    return isListed;
  }

  #isListed(address: string): boolean {
    return ipaddr.isValid(address) && this.list?.has(ipaddr.process(address)) === true;
  }
}

/**
 * Warns at the start when `PUBLIC_URL` is https and no proxy is trusted. The manager itself speaks http, so a proxy must take
 * https for it. If the manager does not know the proxy, it sets session cookies as for plain http.
 */
export function tellOfUnnamedProxy(
  { publicUrl, trustedProxies }: Pick<Config, 'publicUrl' | 'trustedProxies'>,
  log: Log,
): void {
  if (publicUrl?.protocol !== 'https:' || trustedProxies !== undefined) return;
  const reason =
    'PUBLIC_URL is https, but the manager itself speaks http: name the proxy that takes https for it in TRUST_PROXY; until then session cookies have no Secure, and all callers behind the proxy count as one';
  log.warn({ publicUrl: publicUrl.origin, reason }, 'http.proxy_unnamed');
}

/**
 * Warns once about a peer that sends X-Forwarded-For and is not trusted. If the peer is a proxy, all callers behind it count as
 * one caller in each limit per address.
 */
export function noticeOfForwarding(proxies: TrustedProxies, log: Log): (request: IncomingMessage) => void {
  let isTold = false;
  return ({ headers, socket }) => {
    if (isTold || headers['x-forwarded-for'] === undefined) return;
    const { remoteAddress } = socket;
    if (proxies.has(remoteAddress)) return;
    isTold = true;
    const reason =
      'if this peer is your proxy, name it in TRUST_PROXY; until then all callers behind it count as one';
    log.warn({ peer: remoteAddress, reason }, 'http.proxy_untrusted');
  };
}
