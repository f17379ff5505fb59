import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { toPlainHost } from './host-name.js';
import { isInOneOf, type Network, parseNetwork } from './network.js';

/** A host and perhaps a port; an IPv6 address has a port only behind brackets. */
const ENTRY = /^(?<host>\[.+\]|[^:]+)(?::(?<port>\d+))?$/;

interface Entry {
  /** A name without the dot that may stand before it; `*` for all. */
  readonly host: string;
  readonly network: Network | null;
  /** `''` for every port. */
  readonly port: string;
}

/**
 * The hosts in `NO_PROXY`, which are called directly: names with everything below them, addresses, ranges like
 * `10.0.0.0/8`, or `*` for all. Other programs read the variable too, each in its own way. So an entry of
 * another form is no mistake; it is ignored.
 */
export class NoProxy {
  readonly #entries: readonly Entry[];

  constructor(private readonly text: string) {
    this.#entries = text
      .split(/[\s,]+/)
      .filter((entry) => entry !== '')
      .map(toEntry);
  }

  has({ hostname, port, protocol }: URL): boolean {
    const host = toPlainHost(hostname);
    const address = ipaddr.isValid(host) ? ipaddr.process(host) : null;
    const usualPort = protocol === 'https:' ? '443' : '80';
    return this.#entries.some((entry) => {
      if (entry.port !== '' && entry.port !== (port || usualPort)) return false;
      if (entry.network !== null) return address !== null && isInOneOf([entry.network], address);
      return entry.host === '*' || host === entry.host || host.endsWith(`.${entry.host}`);
    });
  }

  /** For the log. */
  toJSON(): string {
    return this.text;
  }
}

function toEntry(text: string): Entry {
  const { host = text, port = '' } = ENTRY.exec(text)?.groups ?? {};
  const plain = toPlainHost(host).replace(/^\*?\./, '');
  return { host: plain, network: parseNetwork(plain), port };
}

export function noProxy() {
  return {
    expected: 'comma-separated names, addresses and ranges, each perhaps with a port, or *',
    schema: z
      .string()
      .transform((text) => new NoProxy(text))
      .optional(),
  };
}
