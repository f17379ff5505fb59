import type { Page } from './page.js';

type LoadPage<P> = (cursor: string | null) => Promise<P>;

/** So many empty ones are passed over at a time; each is a look at up to 10,000 accounts. */
const EMPTY_PAGES_MAX = 10;

/**
 * The page that begins at `cursor`, or the first after it that has anything on it: where few of many match, the
 * manager gives empty ones before. It is empty with a `nextCursor` where there were too many of these.
 */
export async function filledPage<T, P extends Page<T> = Page<T>>(
  cursor: string | null,
  load: LoadPage<P>,
): Promise<P> {
  let page = await load(cursor);
  for (let n = 1; n < EMPTY_PAGES_MAX && page.items.length === 0 && page.nextCursor !== null; n++)
    page = await load(page.nextCursor);
  return page;
}
