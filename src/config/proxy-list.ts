import { z } from 'zod';

const ADDRESSES = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/** Addresses and CIDRs. Of everybody nobody can be told apart, so that a range of all is a mistake. */
export function proxyList() {
  const each = 'an address or CIDR, such as 10.0.0.7 or 10.0.0.0/8, and none that means everybody';
  const isGood = (text: string): boolean => ADDRESSES.safeParse(text).success && !text.endsWith('/0');
  return {
    expected: `comma-separated, each ${each}`,
    schema: z
      .string()
      .transform((list, context) => {
        const texts = list.split(',').map((text) => text.trim());
        for (const [index, text] of texts.entries()) {
          if (isGood(text)) continue;
          const message = `entry ${index + 1} of ${texts.length} must be ${each}, got ${JSON.stringify(text)}`;
          context.addIssue({ code: 'custom', message });
        }
        return Object.freeze<readonly string[]>(texts);
      })
      .optional(),
  };
}
