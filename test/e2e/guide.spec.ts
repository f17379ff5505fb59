/** The documents that the built process serves beside the console. */
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { GROUPS } from '../../docs/.vitepress/pages.js';
import { call } from '../support/http-call.js';
import { embeddedPlace } from '../support/place.js';
import { suiteManager } from '../support/suite-manager.js';

const manager = suiteManager(embeddedPlace);

const ask = (path: string) => call(manager.url + path);
const attributes = (name: string, page: string): string[] =>
  [...page.matchAll(new RegExp(`\\s${name}="([^"]+)"`, 'g'))].map(([, value = '']) => value);

const PAGES = ['/docs/guide', '/docs/guide/zh'].flatMap((home) => [
  home,
  ...GROUPS.flatMap(({ pages }) => pages.map(({ path }) => `${home}/${path}`)),
]);

it('every page of the guide is served in English and in Chinese, and loads only files of the manager', async () => {
  for (const path of PAGES) {
    const { status, headers, body } = await ask(path);
    const page = body.toString();
    const lang = path.includes('/zh') ? 'zh-CN' : 'en';
    expect([path, status, attributes('lang', page)[0]]).toEqual([path, 200, lang]);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': expect.stringContaining(
        "default-src 'none';script-src 'self';style-src 'self'",
      ),
      'cache-control': 'no-cache',
    });
    expect(page).not.toMatch(/<style|<[^>]+\sstyle=|<[^>]+\son\w+=|<script/i);
  }
});

it('every link of the guide leads to a page and a heading that there are', async () => {
  const ids = new Map<string, readonly string[]>();
  const links = new Set(PAGES);
  const wrong: string[] = [];
  // A page that a page links to is added while the set is read.
  for (const link of links) {
    const { pathname, hash } = new URL(link, manager.url);
    if (!ids.has(pathname)) {
      const { status, body } = await ask(pathname);
      const page = body.toString();
      ids.set(pathname, status === 200 ? ['', ...attributes('id', page)] : []);
      for (const target of [...attributes('href', page), ...attributes('src', page)]) {
        const url = new URL(target, manager.url + pathname);
        if (url.origin === manager.url) links.add(url.pathname + url.hash);
      }
    }
    if (!ids.get(pathname)?.includes(decodeURIComponent(hash.slice(1)))) wrong.push(link);
  }
  expect(wrong).toEqual([]);
  expect(links.size).toBeGreaterThan(200);
});

it('every link of the console into the guide leads to a heading that there is', async () => {
  const sources = globSync('packages/console/src/i18n/**/*.ts').map((file) => readFileSync(file, 'utf8'));
  const links = sources.flatMap((text) => text.match(/\/docs\/guide[^']*/g) ?? []);
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) {
    const { pathname, hash } = new URL(link, manager.url);
    const { status, body } = await ask(pathname);
    expect([link, status]).toEqual([link, 200]);
    if (hash !== '') expect(attributes('id', body.toString())).toContain(decodeURIComponent(hash.slice(1)));
  }
});

it('a page that the guide does not have is answered 404', async () => {
  for (const path of ['/docs/guide/nothing', '/docs/guide/..%2fopenapi%2fopenapi.json'])
    expect([400, 404]).toContain((await ask(path)).status);
});
