/**
 * A step of `npm run build`: writes docs/ as pages into `dist/guide`, which the manager serves at `/docs/guide`. A page loads one
 * stylesheet and pictures of its own, and has no script, as the manager's content security policy demands.
 */
import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Marked } from 'marked';
import { GROUPS, toAnchor } from '../../docs/.vitepress/pages.js';

const DOCS = join(import.meta.dirname, '../../docs');
const TARGET = join(import.meta.dirname, '../../dist/guide');
const WORDS = {
  en: { lang: 'en', home: 'Guide', contents: 'Contents', other: '简体中文' },
  zh: { lang: 'zh-CN', home: '指南', contents: '目录', other: 'English' },
};

type Language = keyof typeof WORDS;

const HOMES: Readonly<Record<Language, string>> = { en: '/docs/guide', zh: '/docs/guide/zh' };

function contents(language: Language, current: string): string {
  return GROUPS.map(({ pages, ...group }) => {
    const items = pages.map(({ path, ...page }) => {
      const url = `${HOMES[language]}/${path}`;
      return `<li><a href="${url}"${url === current ? ' aria-current="page"' : ''}>${page[language]}</a></li>`;
    });
    return `<h2>${group[language]}</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
  }).join('\n');
}

function toPage(language: Language, url: string, title: string, main: string): string {
  const words = WORDS[language];
  return `<!doctype html>
<html lang="${words.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · WXKF-Manager</title>
<link rel="stylesheet" href="/docs/guide/guide.css">
</head>
<body>
<header><a href="${HOMES[language]}">WXKF-Manager · ${words.home}</a> <a href="#contents">${words.contents}</a></header>
<main>
${main}</main>
<nav id="contents" aria-label="${words.contents}">
${contents(language, url)}
</nav>
</body>
</html>
`;
}

/** Of two headings with the same words, the second gets `-1`, as at GitHub, for which the links are written. */
function toMain(text: string): string {
  const counts = new Map<string, number>();
  const marked = new Marked({
    // An address in plain words is an example and no link.
    tokenizer: { url: () => undefined },
    renderer: {
      heading({ tokens, depth, text: heading }) {
        const anchor = toAnchor(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'));
        const count = counts.get(anchor) ?? 0;
        counts.set(anchor, count + 1);
        const id = count === 0 ? anchor : `${anchor}-${count}`;
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
    },
    walkTokens(token) {
      if (token.type === 'link' && !/^\w+:/.test(token.href))
        token.href = token.href.replace(/\.md(?=#|$)/, '');
    },
  });
  return marked.parse(text, { async: false });
}

function write(file: string, text: string): void {
  const path = join(TARGET, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

rmSync(TARGET, { recursive: true, force: true });
for (const file of globSync('**/*.md', { cwd: DOCS, exclude: ['node_modules', 'index.md', 'zh/index.md'] })) {
  const text = readFileSync(join(DOCS, file), 'utf8');
  const path = file.replace(/\.md$/, '');
  const title = /^# (.+)$/m.exec(text)?.[1] ?? path;
  write(
    `${path}.html`,
    toPage(path.startsWith('zh/') ? 'zh' : 'en', `/docs/guide/${path}`, title, toMain(text)),
  );
}
for (const [language, other] of [
  ['en', 'zh'],
  ['zh', 'en'],
] as const) {
  const url = HOMES[language];
  const { home, other: name } = WORDS[language];
  const main = `<h1>WXKF-Manager</h1>\n<p><a href="${HOMES[other]}">${name}</a></p>\n`;
  write(language === 'en' ? 'index.html' : 'zh.html', toPage(language, url, home, main));
}
cpSync(join(DOCS, 'images'), join(TARGET, 'images'), { recursive: true });
copyFileSync(join(import.meta.dirname, 'guide.css'), join(TARGET, 'guide.css'));
