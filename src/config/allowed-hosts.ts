import { z } from 'zod';
import { parseHostName } from './host-name.js';

const EACH =
  'a host name like wxkf-manager or wxkf.example.com without scheme, port and path; an address needs no entry';

/**
 * The names in `ALLOWED_HOSTS`. An open manager may be called by these, besides its addresses and its machine's
 * names.
 */
export class AllowedHosts {
  constructor(private readonly names: readonly string[]) {}

  /** @param name in lower case and ASCII, as in a URL, without a final dot. */
  has(name: string): boolean {
    return this.names.includes(name);
  }

  /** For the log. */
  toJSON(): string {
    return this.names.join(',');
  }
}

/** A mistake names the place in the list. */
export function allowedHosts() {
  return {
    expected: `comma-separated entries, each ${EACH}`,
    schema: z
      .string()
      .transform((list, context) => {
        const texts = list.split(',').map((text) => text.trim());
        const names = texts.flatMap((text, index) => {
          const name = parseHostName(text);
          if (name !== null) return [name];
          const message = `entry ${index + 1} of ${texts.length} must be ${EACH}`;
          context.addIssue({ code: 'custom', message });
          return [];
        });
        return new AllowedHosts(names);
      })
      .optional(),
  };
}
