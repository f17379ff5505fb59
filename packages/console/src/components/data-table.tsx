import type { ComponentChildren } from 'preact';
import { t } from '../i18n/language.js';

export interface Column<T> {
  readonly key: string;
  readonly head: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
  /** How the API sorts all pages by it, and what comes first then. */
  readonly sort?: { readonly by: string; readonly direction: 'ascending' | 'descending' };
}

/** How the rows are sorted. */
export interface Sorting {
  /** Empty for the order of the API itself. */
  readonly by: string;
  readonly onSort: (by: string) => void;
}

interface DataTableProps<T> {
  /** What is in it, for whoever does not see it. */
  readonly caption: string;
  /** The first one names its row. */
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly sort?: Sorting;
  /** Values stay on one line where there is room for the table, and the head stays in view. */
  readonly isDense?: boolean;
}

/** A table; on a phone each row is a card, in which every value has its heading before it. */
export function DataTable<T>({ caption, columns, rows, keyOf, sort, isDense }: DataTableProps<T>) {
  return (
    <div class={isDense ? 'table-frame dense' : 'table-frame'}>
      <table class="table">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column, index) => (
                <Cell key={column.key} column={column} row={row} isFirst={index === 0} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps<T> {
  readonly column: Column<T>;
  readonly sort: Sorting | undefined;
}

/** Pressed once more, it gives the rows their own order back. */
function Head<T>({ column: { head, isNumber, sort: order }, sort }: HeadProps<T>) {
  const className = isNumber ? 'number' : '';
  if (order === undefined || sort === undefined)
    return (
      <th scope="col" class={className}>
        {head}
      </th>
    );
  const isSorted = sort.by === order.by;
  const mark = order.direction === 'ascending' ? '▲' : '▼';
  return (
    <th scope="col" class={className} aria-sort={isSorted ? order.direction : 'none'}>
      <button
        type="button"
        class="sort"
        title={t().common.sortedBy(head)}
        onClick={() => sort.onSort(isSorted ? '' : order.by)}
      >
        {head} <span aria-hidden="true">{isSorted ? mark : '↕'}</span>
      </button>
    </th>
  );
}

interface CellProps<T> {
  readonly column: Column<T>;
  readonly row: T;
  readonly isFirst: boolean;
}

function Cell<T>({ column: { head, cell, isNumber }, row, isFirst }: CellProps<T>) {
  if (isFirst) return <th scope="row">{cell(row)}</th>;
  return (
    <td data-head={head} class={isNumber ? 'number' : ''}>
      <div>{cell(row)}</div>
    </td>
  );
}
