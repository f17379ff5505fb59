import { z } from 'zod';
import { Secret } from '../kernel/secret.js';

const KEY_BYTES = 32;
/** Standard or URL-safe, with its padding or without. */
const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/_-]{43}=?$/;

const EACH = `base64 of exactly ${KEY_BYTES} bytes, as \`openssl rand -base64 ${KEY_BYTES}\` makes it`;

/** The keys that seal what is stored. A mistake names the place in the list and never quotes what stands there. */
export function secretsKeys() {
  return {
    expected: `comma-separated keys, each ${EACH}`,
    schema: z
      .string()
      .optional()
      .transform((list, context) => {
        const texts = list?.split(',').map((text) => text.trim()) ?? [];
        const keys = texts.map((text) => Buffer.from(text, 'base64').toString('base64'));
        for (const [index, text] of texts.entries()) {
          const mistake = mistakeOf(text, keys.indexOf(keys[index] ?? ''), index);
          if (mistake === null) continue;
          context.addIssue({ code: 'custom', message: `key ${index + 1} of ${texts.length} ${mistake}` });
        }
        return Object.freeze(keys.map((key) => new Secret(key)));
      }),
  };
}

/** @param first the index of the first equal key in the list. */
function mistakeOf(text: string, first: number, index: number): string | null {
  if (!BASE64_OF_32_BYTES.test(text)) return `must be ${EACH}`;
  return first === index ? null : `is the same as key ${first + 1}; leave one out`;
}
