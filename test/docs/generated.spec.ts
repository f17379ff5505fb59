/** The pages that are written from the code were written after its last change. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { GENERATED_DOCS } from '../../scripts/docs/generated-docs.js';

it.each(Object.entries(GENERATED_DOCS))('%s is what `npm run generate` writes', (path, toMarkdown) => {
  expect(readFileSync(path, 'utf8')).toBe(toMarkdown());
});
