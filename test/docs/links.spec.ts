/** Links in the documents lead somewhere: to a file, and in it to a heading. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from '@jest/globals';
import { CAUSE_TABLE } from '../../src/insight/accounts/cause-table.js';
import { anchorsOf, linksOf, PAGES, toPage } from './markdown.js';

const byPath = new Map(PAGES.map((page) => [page.path, page]));

function isThere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : normalize(join(dirname(from), decodeURIComponent(file)));
  if (!existsSync(path)) return false;
  const page = byPath.get(path);
  return anchor === undefined || (page !== undefined && anchorsOf(page).has(decodeURIComponent(anchor)));
}

it('finds the documents, and links in them', () => {
  const paths = PAGES.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['README.md', 'docs/reference/protocol.md', 'examples/gateway/README.md']),
  );
  expect(PAGES.flatMap(linksOf).length).toBeGreaterThan(80);
});

it.each(PAGES)('$path links only to what there is', (page) => {
  expect(linksOf(page).filter((target) => !isThere(page.path, target))).toEqual([]);
});

it('has the page and the heading to which each cause leads for help', () => {
  const targets = Object.values(CAUSE_TABLE).map(({ help }) => help);
  expect(targets.filter((target) => !isThere('docs/index.md', target))).toEqual([]);
});

it('leads from the README to every page outside of docs, by way of others', () => {
  const found = new Set(['README.md']);
  // A page that is added while the set is read is read too.
  for (const path of found) {
    const page = byPath.get(path);
    for (const link of page === undefined ? [] : linksOf(page))
      found.add(normalize(join(dirname(path), link.replace(/#.*/, ''))));
  }
  const pages = [...byPath.keys()].filter((path) => !/^docs\/|\/results\//.test(path));
  expect(pages.filter((path) => !found.has(path))).toEqual([]);
});

it('makes the anchors that GitHub makes', () => {
  const page = toPage(
    'x.md',
    '# `GET|POST /a/<b>`\n## 客服 one\n## Same\n```\n# no heading\n```\n## Same\n## [a](b) – c',
  );
  expect([...anchorsOf(page)]).toEqual(['getpost-ab', '客服-one', 'same', 'same-1', 'a--c']);
});
