import type { Paged } from '../data/paged.js';
import { formatNumber } from '../i18n/format.js';
import { t } from '../i18n/language.js';

interface PagerProps<T> {
  readonly of: Paged<T>;
  /** Of all pages, where the page itself does not say it. */
  readonly total?: number | null | undefined;
}

/** To the page before and after; nothing where there is but one. */
export function Pager<T>({ of, total }: PagerProps<T>) {
  const { common } = t();
  const { pageNumber, offset, data, toPrevious, toNext } = of;
  const count = data?.items.length ?? 0;
  const end = offset + count;
  // Where the last page ends, all are counted.
  const all = total ?? data?.total ?? (toNext === null ? end : null);
  if (toPrevious === null && toNext === null) return null;
  return (
    <nav class="pager" aria-label={common.pagesOfList}>
      <button type="button" class="button" disabled={toPrevious === null} onClick={() => toPrevious?.()}>
        {common.previous}
      </button>
      <span role="status">
        {common.pageNumber(pageNumber)}
        {count > 0 && (
          <>
            {' · '}
            {common.itemsOf(
              formatNumber(offset + 1),
              formatNumber(end),
              all === null ? null : formatNumber(all),
            )}
          </>
        )}
      </span>
      <button type="button" class="button" disabled={toNext === null} onClick={() => toNext?.()}>
        {common.next}
      </button>
    </nav>
  );
}
