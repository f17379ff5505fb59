import type { Page } from './page.js';

type LoadPage<T> = (cursor: string | null) => Promise<Page<T>>;

/** So many empty ones are passed over at a time; each is a look at up to 10,000 accounts. */
const EMPTY_PAGES_MAX = 10;

/**
 * The page that begins at `cursor`, or the first after it that has anything on it: where few of many match, the
 * manager gives empty ones before. It is empty with a `nextCursor` where there were too many of these.
 */
export async function filledPage<T>(cursor: string | null, load: LoadPage<T>): Promise<Page<T>> {
  let page = await load(cursor);
  for (let n = 1; n < EMPTY_PAGES_MAX && page.items.length === 0 && page.nextCursor !== null; n++)
    page = await load(page.nextCursor);
  return page;
}
