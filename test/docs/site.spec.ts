/** The site of the documents: its sidebar has every page, and its home pages lead to pages that there are. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { toLlms } from '../../docs/.vitepress/llms.js';
import { GROUPS, INTERNALS } from '../../docs/.vitepress/pages.js';

/** Of the English ones, without the home page; the sidebar takes decisions from their folder. */
const PAGES = globSync('**/*.md', { cwd: 'docs', exclude: (name) => name === 'node_modules' })
  .map((file) => file.replace(/\.md$/, ''))
  .filter((page) => !/^(index$|zh\/|internals\/adr\/)/.test(page));

const targetsOf = (home: string): string[] =>
  [...readFileSync(home, 'utf8').matchAll(/^ +link: \/(\S+)$/gm)].map(([, target = '']) => target);

it('has every page in its sidebar, once', () => {
  expect(PAGES.length).toBeGreaterThan(20);
  const listed = [
    ...GROUPS.flatMap(({ pages }) => pages.map(({ path }) => path)),
    ...INTERNALS.map(([path]) => path),
  ];
  expect(listed.toSorted()).toEqual(PAGES.toSorted());
});

it.each(['docs/index.md', 'docs/zh/index.md'])('leads from %s to pages that there are', (home) => {
  const targets = targetsOf(home);
  expect(targets.length).toBeGreaterThan(3);
  expect(targets.filter((target) => !existsSync(`docs/${target}.md`))).toEqual([]);
});

it('leads from the Chinese home page to Chinese pages', () => {
  expect(targetsOf('docs/zh/index.md').filter((target) => !target.startsWith('zh/'))).toEqual([]);
});

it('has each page for users in Chinese, too', () => {
  const pages = GROUPS.flatMap((group) => group.pages.map(({ path }) => path));
  expect(pages.filter((path) => !existsSync(`docs/zh/${path}.md`))).toEqual([]);
});

it('llms.txt lists each page for users, below the base of the site', () => {
  const listed = [...toLlms('/base/').matchAll(/\]\(\/base\/(\S+)\.md\)/g)].map(([, path]) => path);
  expect(listed).toEqual(GROUPS.flatMap(({ pages }) => pages.map(({ path }) => path)));
});
