import type { Paged } from '../data/paged.js';
import { t } from '../i18n/language.js';

/** To the page before and after; nothing where there is but one. */
export function Pager<T>({ of: { pageNumber, toPrevious, toNext } }: { readonly of: Paged<T> }) {
  const { common } = t();
  if (toPrevious === null && toNext === null) return null;
  return (
    <nav class="pager" aria-label={common.pagesOfList}>
      <button type="button" class="button" disabled={toPrevious === null} onClick={() => toPrevious?.()}>
        {common.previous}
      </button>
      <span role="status">{common.pageNumber(pageNumber)}</span>
      <button type="button" class="button" disabled={toNext === null} onClick={() => toNext?.()}>
        {common.next}
      </button>
    </nav>
  );
}
