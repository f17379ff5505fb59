/** A page and its translation say the same: what is not words of a language is equal in them. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { anchorsOf, PAGES, toPage } from './markdown.js';

const README = ['README.md', 'README.zh-CN.md'] as const;
/** The English path of each Chinese page, and its own. */
const TRANSLATED: readonly (readonly [string, string])[] = [
  README,
  ...PAGES.map(({ path }) => path)
    .filter((path) => path.startsWith('docs/zh/') && path !== 'docs/zh/index.md')
    .map((path) => [path.replace('docs/zh/', 'docs/'), path] as const),
];
const CHINESE = new Map(TRANSLATED);

/** Of a list's item it is indented. */
const BLOCK = /^ *```(\w*)\n(.*?)^ *```$/gms;
const HEADING = /^(#{1,6}) +(.+)$/gm;
const CODE = /`[^`]+`/g;

const proseOf = (text: string): string => text.replaceAll(BLOCK, '');

const headingsOf = (text: string): string[] =>
  [...proseOf(text).matchAll(HEADING)].map(([, level = '']) => level);

/** A drawing has words of its language alone, so that only its place counts; other code has them in comments. */
const blocksOf = (text: string): string[] =>
  [...text.matchAll(BLOCK)].map(([, kind = '', code = '']) =>
    kind === 'text' ? kind : `${kind}\n${code.replaceAll(/(^| +)# .*$/gm, '')}`,
  );

/** A heading as its place in its page, so that it is the same in both languages. */
function placeOf(path: string, anchor: string | undefined): string {
  if (anchor === undefined) return path;
  return `${path} heading ${[...anchorsOf(toPage(path, readFileSync(path, 'utf8')))].indexOf(anchor)}`;
}

/** Where a page leads: from the project's top, and to the English page of two. Pictures have a language, too. */
function linksOf(from: string, text: string): string[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => {
    if (/^https?:/.test(target)) return target;
    const [file = '', anchor] = target.split('#');
    const path = file === '' ? from : join(dirname(from), file);
    return placeOf(path, anchor);
  });
}

const inEnglish = (place: string): string => place.replace(/^docs\/zh\//, 'docs/').replace('.zh-CN.', '.');

/** Without the links of the third line, which lead from one language to the other. */
const bodyOf = (text: string): string => text.split('\n').slice(4).join('\n');

/** Name and code of each row, the code sorted. */
const rowsOf = (text: string): string[][] =>
  proseOf(text)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))
    .map(([name = '', ...cells]) => [name, ...(cells.join(' | ').match(CODE) ?? []).sort()]);

/**
 * The cells of each row; `null` in place of those with Chinese words, code or links. Numbers, levels and names are left.
 * Chinese has no plural and no capitals.
 */
const plainCellsOf = (text: string): (string | null)[][] =>
  proseOf(text)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(' | ')
        .map((cell) =>
          /[\p{Script=Han}`[]/u.test(cell) ? null : cell.toLowerCase().replaceAll('_', ' ').replace(/s$/, ''),
        ),
    );

/** Who may call each route, as test/architecture reads it. */
const callersOf = (text: string): string[] =>
  [...text.matchAll(/^\| `[A-Z]+ \/\S+` \| ([^|]+) \|/gm)].map(([, caller = '']) => caller);

it('are there for the README, and for bots with a guide for each program', () => {
  expect([...CHINESE.keys()]).toEqual(expect.arrayContaining(['README.md', 'docs/bots.md']));
  expect([...CHINESE.keys()].filter((page) => page.startsWith('docs/bots/'))).toHaveLength(5);
});

describe.each(TRANSLATED)('%s in Chinese', (englishPath, chinesePath) => {
  const english = readFileSync(englishPath, 'utf8');
  const chinese = readFileSync(chinesePath, 'utf8');

  it('has the sections of the English page', () => {
    expect(headingsOf(english).length).toBeGreaterThan(1);
    expect(headingsOf(chinese)).toEqual(headingsOf(english));
  });

  it('has its commands and other code, but for comments', () => {
    expect(blocksOf(english)).toHaveLength((english.match(/^ *```/gm) ?? []).length / 2);
    expect(blocksOf(chinese)).toEqual(blocksOf(english));
  });

  it('leads where it leads, and to Chinese pages where they are', () => {
    const wanted = linksOf(englishPath, bodyOf(english));
    const found = linksOf(chinesePath, bodyOf(chinese));
    expect(wanted.length).toBeGreaterThan(1);
    expect(found.map(inEnglish).toSorted()).toEqual(wanted.toSorted());
    expect(wanted.filter((place) => place.endsWith(' heading -1'))).toEqual([]);
    expect(found.filter((place) => CHINESE.has(place.replace(/ heading .*/, '')))).toEqual([]);
  });

  it('names in its tables what that names', () => {
    expect(rowsOf(chinese)).toEqual(rowsOf(english));
  });

  it('has in them the same numbers and names', () => {
    const inChinese = plainCellsOf(chinese);
    const sameIn = plainCellsOf(english).map((cells, row) =>
      cells.map((cell, column) => (inChinese[row]?.[column] === null ? null : cell)),
    );
    expect(inChinese).toEqual(sameIn);
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
    const toChinese = relative(dirname(englishPath), chinesePath);
    const toEnglish = relative(dirname(chinesePath), englishPath);
    expect(english.split('\n').slice(0, 4).join()).toContain(`(${toChinese})`);
    expect(chinese.split('\n').slice(0, 4).join()).toContain(`(${toEnglish})`);
  });
});

it('the Chinese page of the API lets the same callers call', () => {
  const [english = [], chinese] = ['docs/reference/api.md', 'docs/zh/reference/api.md'].map((path) =>
    callersOf(readFileSync(path, 'utf8')),
  );
  expect(english.length).toBeGreaterThan(50);
  expect(chinese).toEqual(english.map((caller) => (caller === 'anyone' ? '任何人' : caller)));
});
