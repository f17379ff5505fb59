/** The site's llms.txt, as https://llmstxt.org describes it: every page for users, with its sections. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GROUPS } from './pages.js';

const DOCS = join(import.meta.dirname, '..');

function sectionsOf(path: string): string {
  const headings = readFileSync(join(DOCS, `${path}.md`), 'utf8').matchAll(/^## (.+)$/gm);
  return [...headings].map(([, heading = '']) => heading.replaceAll('`', '')).join('; ');
}

/** @param base the path of the site, with a slash at its end. */
export function toLlms(base: string): string {
  const groups = GROUPS.map(({ en, pages }) => {
    const items = pages.map((page) => `- [${page.en}](${base}${page.path}.md): ${sectionsOf(page.path)}`);
    return `## ${en}\n\n${items.join('\n')}\n`;
  });
  return `# WXKF-Manager

> Stands between WeCom customer service (微信客服) and bots: it verifies and opens every callback, and delivers it to the bot of that account.

Each page is also in Chinese, below \`${base}zh/\`.

${groups.join('\n')}`;
}
