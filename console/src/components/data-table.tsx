import type { ComponentChildren } from 'preact';

export interface Column<T> {
  readonly key: string;
  readonly head: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

interface DataTableProps<T> {
  /** What is in it, for whoever does not see it. */
  readonly caption: string;
  /** The first one names its row. */
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
}

/** A table; on a phone each row is a card, in which every value has its heading before it. */
export function DataTable<T>({ caption, columns, rows, keyOf }: DataTableProps<T>) {
  return (
    <div class="table-frame">
      <table class="table">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ key, head, isNumber }) => (
              <th key={key} scope="col" class={isNumber ? 'number' : ''}>
                {head}
              </th>
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
