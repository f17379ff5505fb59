/** `npm run generate`: writes the pages that say what the code says; a test fails when they are stale. */
import { writeFileSync } from 'node:fs';
import { GENERATED_DOCS } from './docs/generated-docs.js';

for (const [path, toMarkdown] of Object.entries(GENERATED_DOCS)) writeFileSync(path, toMarkdown());
