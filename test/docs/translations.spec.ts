/** A page and its translation say the same: what is not words of a language is equal in them. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PAGES } from './markdown.js';

const TRANSLATED = PAGES.map(({ path }) => path)
  .filter((path) => path.endsWith('.zh-CN.md'))
  .map((path) => path.replace('.zh-CN.md', ''));

const BLOCK = /^```(\w*)\n(.*?)^```$/gms;
const HEADING = /^(#{1,6}) +(.+)$/gm;
const CODE = /`[^`]+`/g;
/** What the Chinese one has in its own words where the English one has these. */
const IN_CHINESE: Readonly<Record<string, string>> = {
  anyone: '任何人',
  'nothing of ours': '不引用本项目的其他目录',
};

const proseOf = (text: string): string => text.replaceAll(BLOCK, '');

const headingsOf = (text: string): string[] =>
  [...proseOf(text).matchAll(HEADING)].map(([, level = '']) => level);

/** A drawing has words of its language alone, so that only its place counts; other code has them in comments. */
const blocksOf = (text: string): string[] =>
  [...text.matchAll(BLOCK)].map(([, kind = '', code = '']) =>
    kind === 'text' ? kind : `${kind}\n${code.replaceAll(/ +# .*$/gm, '')}`,
  );

/** An anchor as the place of its heading; of other translated pages and of pictures the name without the language. */
function linksOf(text: string): string[] {
  const anchors = [...proseOf(text).matchAll(HEADING)].map(([, , heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) =>
    target.startsWith('#') ? `heading ${anchors.indexOf(target.slice(1))}` : target.replace('.zh-CN', ''),
  );
}

/** Names and code of each row: what is code in it, sorted, and cells that name folders or roles. */
const rowsOf = (text: string): string[][] =>
  proseOf(text)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))
    .map(([name = '', ...cells]) => [name, ...(cells.join(' | ').match(CODE) ?? []).sort()]);

/** The cells that tests of the source read: who may call a route, and what a folder may use. */
const tiedCellsOf = (text: string): string[] =>
  [...text.matchAll(/^\| `(?:[A-Z]+ \/\S+` \| ([^|]+) \||src\/\w+` \|.*\| ([^|]+) \|$)/gm)].map(
    ([, caller, folders]) => caller ?? folders ?? '',
  );

it('are there for the README, and for bots with a guide for each program', () => {
  expect(TRANSLATED).toEqual(expect.arrayContaining(['README', 'docs/bots']));
  expect(TRANSLATED.filter((page) => page.startsWith('docs/bots/'))).toHaveLength(5);
});

describe.each(TRANSLATED)('%s in Chinese', (page) => {
  const english = readFileSync(`${page}.md`, 'utf8');
  const chinese = readFileSync(`${page}.zh-CN.md`, 'utf8');

  it('has the sections of the English page', () => {
    expect(headingsOf(english).length).toBeGreaterThan(5);
    expect(headingsOf(chinese)).toEqual(headingsOf(english));
  });

  it('has its commands and other code, but for comments', () => {
    expect(blocksOf(english)).toHaveLength((english.match(/^```/gm) ?? []).length / 2);
    expect(blocksOf(chinese)).toEqual(blocksOf(english));
  });

  it('leads where it leads', () => {
    expect(linksOf(english).length).toBeGreaterThan(2);
    expect(linksOf(chinese).toSorted()).toEqual(linksOf(english).toSorted());
    expect(linksOf(english)).not.toContain('heading -1');
  });

  it('names in its tables what that names', () => {
    expect(rowsOf(chinese)).toEqual(rowsOf(english));
  });

  it('has as many rows in each of them', () => {
    const lines = (text: string): string[] =>
      proseOf(text)
        .split(/^#+ .*$/m)
        .map((section) => `${section.match(/^\|/gm)?.length ?? 0} rows`);
    expect(lines(chinese)).toEqual(lines(english));
  });

  it('names the same code in its text', () => {
    const codeOf = (text: string): string[] => (proseOf(text).match(CODE) ?? []).sort();
    expect(codeOf(chinese)).toEqual(codeOf(english));
  });

  it('is linked from the English page, and links to it', () => {
    const name = basename(page);
    expect(english.split('\n').slice(0, 4).join()).toContain(`(${name}.zh-CN.md)`);
    expect(chinese.split('\n').slice(0, 4).join()).toContain(`(${name}.md)`);
  });
});

it('the Chinese README lets the same callers call, and folders use', () => {
  const [english, chinese] = ['README.md', 'README.zh-CN.md'].map((path) => readFileSync(path, 'utf8'));
  expect(rowsOf(english ?? '').length).toBeGreaterThan(50);
  expect(tiedCellsOf(english ?? '').length).toBeGreaterThan(50);
  expect(tiedCellsOf(chinese ?? '')).toEqual(
    tiedCellsOf(english ?? '').map((cell) => IN_CHINESE[cell] ?? cell),
  );
});
