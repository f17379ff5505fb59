import { z } from 'zod';
import { Secret } from '../kernel/secret.js';

const URLS_MAX = 10;
const EACH = 'an http:// or https:// URL without user and fragment';

/** Where notifications go. Such a URL contains a key, so a mistake names its place in the list and never quotes it. */
export function notifyUrls() {
  return {
    expected: `at most ${URLS_MAX} URLs, with commas or spaces between them, each ${EACH}`,
    schema: z
      .string()
      .optional()
      .transform((list, context) => {
        const texts = list?.split(/[\s,]+/).filter((text) => text !== '') ?? [];
        if (texts.length > URLS_MAX)
          context.addIssue({ code: 'custom', message: `expected at most ${URLS_MAX} URLs` });
        for (const [index, text] of texts.entries()) {
          if (isWebhook(text)) continue;
          context.addIssue({
            code: 'custom',
            message: `URL ${index + 1} of ${texts.length} must be ${EACH}`,
          });
        }
        return Object.freeze([...new Set(texts)].map((text) => new Secret(text)));
      }),
  };
}

function isWebhook(text: string): boolean {
  const url = /^https?:\/\/[^\\\s]+$/.test(text) ? URL.parse(text) : null;
  return url !== null && url.username === '' && url.password === '' && url.hash === '';
}
