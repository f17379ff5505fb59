/** How the console goes through a list that comes in pages. */
import { describe, expect, it } from '@jest/globals';
import { filledPage } from '../src/api/pages.js';
import type { Page } from '../src/api/page.js';

/** A list of these pages, each found by its number; what was asked for is in `asked`. */
function listOf(pages: readonly (readonly string[])[]) {
  const asked: (string | null)[] = [];
  const load = async (cursor: string | null): Promise<Page<string>> => {
    asked.push(cursor);
    const number = Number(cursor ?? 0);
    return { items: pages[number] ?? [], nextCursor: number + 1 < pages.length ? String(number + 1) : null };
  };
  return { asked, load };
}

describe('a page', () => {
  it('is the first from there on that has anything on it', async () => {
    const { load, asked } = listOf([['a'], [], [], ['b'], ['c']]);
    expect(await filledPage('1', load)).toEqual({ items: ['b'], nextCursor: '4' });
    expect(asked).toEqual(['1', '2', '3']);
  });

  it('is empty at the end of the list', async () => {
    expect(await filledPage(null, listOf([[], []]).load)).toEqual({ items: [], nextCursor: null });
  });

  it('is looked for within bounds, and says where to go on', async () => {
    const { load, asked } = listOf(Array.from({ length: 1_000 }, () => []));
    expect(await filledPage(null, load)).toEqual({ items: [], nextCursor: '10' });
    expect(asked).toHaveLength(10);
  });
});
