import type { ComponentChildren } from 'preact';
import type { Paged } from '../data/paged.js';
import { t } from '../i18n/language.js';
import { Loaded } from './loaded.js';
import { Pager } from './pager.js';

interface PagedListProps<T> {
  readonly of: Paged<T>;
  /** How many there are on all pages, where the page itself does not say it. */
  readonly total?: number | null | undefined;
  /** Where there is nothing on any page. */
  readonly empty: ComponentChildren;
  readonly children: (items: readonly T[]) => ComponentChildren;
}

/** A page of a list, and the way to the others: an empty page is an empty list only where it has no other. */
export function PagedList<T>({ of: paged, total, empty, children }: PagedListProps<T>) {
  const isAlone = paged.toPrevious === null && paged.toNext === null;
  return (
    <Loaded of={paged}>
      {({ items }) =>
        items.length === 0 && isAlone ? (
          empty
        ) : (
          <>
            {items.length === 0 ? <p class="muted">{t().common.pageEmpty}</p> : children(items)}
            <Pager of={paged} total={total} />
          </>
        )
      }
    </Loaded>
  );
}
