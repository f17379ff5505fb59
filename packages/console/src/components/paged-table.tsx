import { Button, Empty } from 'antd';
import type { ComponentProps, ReactNode } from 'react';
import { UnreachableError } from '../api/unreachable-error.js';
import type { Paged } from '../api/answers.js';
import { formatNumber } from '../i18n/format.js';
import { t } from '../i18n/language.js';
import { ErrorNote } from './error-note.js';
import { focusHeading } from './page.js';
import { Table } from './table.js';

interface PagedTableProps<T> extends Omit<ComponentProps<typeof Table<T>>, 'rows'> {
  readonly of: Paged<T>;
  /** Where there is nothing on any page. */
  readonly empty: ReactNode;
}

/** One page of a list and the way to the others: an empty page is an empty list only where it has no other. */
export function PagedTable<T>({ of: paged, empty, ...table }: PagedTableProps<T>) {
  const { data, error, refetch } = paged.of;
  const isAlone = paged.toPrevious === null && paged.toNext === null;
  const note = error !== null && !(data !== undefined && error instanceof UnreachableError);
  return (
    <>
      {note && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {data?.items.length === 0 ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={isAlone ? empty : t().common.pageEmpty} />
      ) : (
        (data !== undefined || error === null) && <Table {...table} rows={data?.items} />
      )}
      {!isAlone && <Pager of={paged} />}
    </>
  );
}

/** A reader begins the other page at its top, and so does the keyboard. */
function turn(toPage: (() => void) | null): void {
  toPage?.();
  focusHeading();
}

function Pager<T>({ of: { of, pageNumber, offset, toPrevious, toNext } }: { readonly of: Paged<T> }) {
  const { common } = t();
  const end = offset + (of.data?.items.length ?? 0);
  // Where the last page ends, all are counted.
  const all = of.data?.total ?? (toNext === null ? end : null);
  return (
    <nav className="pager" aria-label={common.pagesOfList}>
      <Button disabled={toPrevious === null} onClick={() => turn(toPrevious)}>
        {common.previous}
      </Button>
      <span role="status">
        {common.pageNumber(pageNumber)}
        {end > offset &&
          ` · ${common.itemsOf(formatNumber(offset + 1), formatNumber(end), all === null ? null : formatNumber(all))}`}
      </span>
      <Button disabled={toNext === null} onClick={() => turn(toNext)}>
        {common.next}
      </Button>
    </nav>
  );
}
