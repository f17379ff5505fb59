import { z } from 'zod';
import { parseHostName } from './host-name.js';
import { type Address, isInOneOf, type Network, parseNetwork } from './network.js';

const EACH =
  'an address, a range like 10.0.0.0/8, or a host name like bots.example.com or *.bots.example.com without scheme, port and path';

/** The places in `PUPPET_ENDPOINT_ALLOW` that endpoints may point to. */
export class EndpointAllow {
  readonly #networks: readonly Network[];
  /** `.example.com` for every name below it. */
  readonly #names: readonly string[];

  constructor(
    private readonly entries: readonly string[],
    networks: readonly Network[],
    names: readonly string[],
  ) {
    this.#networks = networks;
    this.#names = names;
  }

  /** Whether addresses are listed. Then a name that is not listed may still lead to one of them. */
  get hasAddresses(): boolean {
    return this.#networks.length > 0;
  }

  hasAddress(address: Address): boolean {
    return isInOneOf(this.#networks, address);
  }

  /** @param host in lower case and ASCII, as in a URL. */
  hasName(host: string): boolean {
    const name = host.replace(/\.$/, '');
    return this.#names.some((allowed) =>
      allowed.startsWith('.') ? name.length > allowed.length && name.endsWith(allowed) : name === allowed,
    );
  }

  /** For the log. */
  toJSON(): string {
    return this.entries.join(',');
  }
}

/** A mistake names the place in the list. */
export function endpointAllow() {
  return {
    expected: `comma-separated entries, each ${EACH}`,
    schema: z
      .string()
      .optional()
      .transform((list, context) => {
        const texts = list?.split(',').map((text) => text.trim()) ?? [];
        const networks = texts.map(parseNetwork);
        const names = texts.map(parseName);
        for (const [index] of texts.entries()) {
          if (networks[index] || names[index]) continue;
          const message = `entry ${index + 1} of ${texts.length} must be ${EACH}`;
          context.addIssue({ code: 'custom', message });
        }
        if (list === undefined) return undefined;
        return new EndpointAllow(
          texts,
          networks.filter((network) => network !== null),
          names.filter((name) => name !== null),
        );
      }),
  };
}

function parseName(text: string): string | null {
  const isBelow = text.startsWith('*.');
  const name = parseHostName(isBelow ? text.slice(2) : text);
  return isBelow && name !== null ? `.${name}` : name;
}
