import { z } from 'zod';
import { Secret } from '../kernel/secret.js';

const SECRET = /^[A-Za-z0-9_-]{16,}$/;
/** One in ten thousand texts of 16 random digits has fewer. Random letters and digits practically never have. */
const DIFFERENT_MIN = 5;
const REMEDY = 'take a random one, as `wxkf-manager keys generate` or `openssl rand -hex 24` makes it';

/** The secrets of one role. A mistake names the place in the list and never quotes what stands there. */
export function roleSecrets() {
  const each = 'at least 16 letters, digits, _ and -';
  return {
    expected: `comma-separated secrets of ${each}, ${DIFFERENT_MIN} different ones among them`,
    schema: z
      .string()
      .optional()
      .transform((list, context) => {
        const texts = list?.split(',').map((text) => text.trim()) ?? [];
        for (const [index, text] of texts.entries()) {
          const mistake = mistakeOf(text, each);
          if (mistake === null) continue;
          const message = `secret ${index + 1} of ${texts.length} ${mistake}`;
          context.addIssue({ code: 'custom', message });
        }
        return Object.freeze(texts.map((text) => new Secret(text)));
      }),
  };
}

function mistakeOf(text: string, each: string): string | null {
  if (!SECRET.test(text)) return `must be ${each}`;
  if (new Set(text).size >= DIFFERENT_MIN) return null;
  return `has fewer than ${DIFFERENT_MIN} different characters, so it is easy to guess; ${REMEDY}`;
}
