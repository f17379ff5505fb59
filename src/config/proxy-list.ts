import { z } from 'zod';
import type { Address } from './network.js';
import { isInOneOf, type Network, parseNetwork } from './network.js';

/** The proxies in front, as `TRUST_PROXY` lists them. */
export class ProxyList {
  constructor(
    private readonly entries: readonly string[],
    private readonly networks: readonly Network[],
  ) {}

  has(address: Address): boolean {
    return isInOneOf(this.networks, address);
  }

  /** For the log. */
  toJSON(): string {
    return this.entries.join(',');
  }
}

/** A range of all addresses is a mistake: callers could no longer be distinguished. */
export function proxyList() {
  const each = 'an address or range, such as 10.0.0.7 or 10.0.0.0/8, but not the range of all addresses';
  return {
    expected: `comma-separated entries, each ${each}`,
    schema: z
      .string()
      .transform((list, context) => {
        const texts = list.split(',').map((text) => text.trim());
        const networks = texts.flatMap((text, index) => {
          const network = parseNetwork(text);
          if (network !== null && network.bits > 0) return [network];
          const message = `entry ${index + 1} of ${texts.length} must be ${each}, got ${JSON.stringify(text)}`;
          context.addIssue({ code: 'custom', message });
          return [];
        });
        return new ProxyList(texts, networks);
      })
      .optional(),
  };
}
