import { z } from 'zod';
import { Secret } from '../kernel/secret.js';

const SECRET = /^[A-Za-z0-9_-]{16,}$/;

/** The secrets of one role. A mistake names the place in the list and never quotes what stands there. */
export function roleSecrets() {
  const each = 'at least 16 letters, digits, _ and -';
  return {
    expected: `comma-separated secrets of ${each}`,
    schema: z
      .string()
      .optional()
      .transform((list, context) => {
        const texts = list?.split(',').map((text) => text.trim()) ?? [];
        for (const [index, text] of texts.entries()) {
          if (SECRET.test(text)) continue;
          const message = `secret ${index + 1} of ${texts.length} must be ${each}`;
          context.addIssue({ code: 'custom', message });
        }
        return Object.freeze(texts.map((text) => new Secret(text)));
      }),
  };
}
