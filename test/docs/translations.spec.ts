/** The two READMEs say the same: what is not words of a language is equal in them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const ENGLISH = readFileSync('README.md', 'utf8');
const CHINESE = readFileSync('README.zh-CN.md', 'utf8');

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

/** An anchor as the place of its heading; of the other README and its pictures the name without the language. */
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

describe('the Chinese README', () => {
  it('has the sections of the English one', () => {
    expect(headingsOf(ENGLISH).length).toBeGreaterThan(10);
    expect(headingsOf(CHINESE)).toEqual(headingsOf(ENGLISH));
  });

  it('has its commands and other code, but for comments', () => {
    expect(blocksOf(ENGLISH).length).toBeGreaterThan(5);
    expect(blocksOf(CHINESE)).toEqual(blocksOf(ENGLISH));
  });

  it('leads where it leads', () => {
    expect(linksOf(ENGLISH).length).toBeGreaterThan(30);
    expect(linksOf(CHINESE).toSorted()).toEqual(linksOf(ENGLISH).toSorted());
    expect(linksOf(ENGLISH)).not.toContain('heading -1');
  });

  it('names in its tables what that names', () => {
    expect(rowsOf(ENGLISH).length).toBeGreaterThan(50);
    expect(rowsOf(CHINESE)).toEqual(rowsOf(ENGLISH));
  });

  it('has as many rows in each of them', () => {
    const lines = (text: string): string[] =>
      proseOf(text)
        .split(/^#+ .*$/m)
        .map((section) => `${section.match(/^\|/gm)?.length ?? 0} rows`);
    expect(lines(CHINESE)).toEqual(lines(ENGLISH));
  });

  it('lets the same callers call, and folders use', () => {
    expect(tiedCellsOf(ENGLISH).length).toBeGreaterThan(50);
    expect(tiedCellsOf(CHINESE)).toEqual(tiedCellsOf(ENGLISH).map((cell) => IN_CHINESE[cell] ?? cell));
  });

  it('names the same code in its text', () => {
    const codeOf = (text: string): string[] => (proseOf(text).match(CODE) ?? []).sort();
    expect(codeOf(CHINESE)).toEqual(codeOf(ENGLISH));
  });

  it('is linked from the English one, and links to it', () => {
    expect(ENGLISH.split('\n').slice(0, 4).join()).toContain('(README.zh-CN.md)');
    expect(CHINESE.split('\n').slice(0, 4).join()).toContain('(README.md)');
  });
});
