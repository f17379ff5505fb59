/**
 * Ant Design's own table writes a style element as it mounts (rc-util's getTargetScrollBarSize), which the manager's CSP forbids.
 * This one is a plain table with fixed rows, in its look.
 */
import { CaretDownOutlined, CaretUpOutlined } from '@ant-design/icons';
import { Checkbox, Skeleton } from 'antd';
import { Fragment, type MouseEvent, type ReactNode } from 'react';
import { t } from '../i18n/language.js';

export interface Column<T> {
  readonly key: string;
  readonly head: string;
  /** One line; what does not fit is cut, except where `isWhole`. */
  readonly cell: (row: T) => ReactNode;
  /** The whole text for a pointer that rests on it, where the cell is no plain text. */
  readonly title?: (row: T) => string;
  /** In pixels; columns without it share the rest. */
  readonly width?: number;
  /** The least width of the table with which it is shown: m 560, l 840, xl 1,120, xxl 1,400 px. Always, without it. */
  readonly from?: 'm' | 'l' | 'xl' | 'xxl';
  /** What does not fit into a line goes on in the next one. */
  readonly isWhole?: boolean;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
  /** How the API sorts all pages by it, and what comes first then. */
  readonly sort?: { readonly by: string; readonly direction: 'ascending' | 'descending' };
}

interface TableProps<T> {
  /** What is in it, for whoever does not see it. */
  readonly caption: string;
  /** The first one names its row. */
  readonly columns: readonly Column<T>[];
  /** `undefined` while they are loaded. */
  readonly rows: readonly T[] | undefined;
  readonly keyOf: (row: T) => string;
  /** Drawn while they are loaded. */
  readonly skeletonRows?: number;
  /** Empty for the order of the API itself. */
  readonly sort?: { readonly by: string; readonly onSort: (by: string) => void };
  /** Below its row, over the whole width; null for none. */
  readonly detail?: (row: T) => ReactNode;
  readonly selection?: {
    readonly keys: ReadonlySet<string>;
    readonly onChange: (keys: ReadonlySet<string>) => void;
  };
  readonly isHeadHidden?: boolean;
  /** Rows of 36 px, for long lists. */
  readonly isDense?: boolean;
  /** A click anywhere on a row does it; a link or button of the row does the same for a keyboard. */
  readonly onOpen?: (row: T) => void;
  /** Of the row whose record is open beside the table. */
  readonly openKey?: string;
}

/** Rows of at least 40 or 36 px in columns that stay inside at every width: narrow tables have fewer of them. */
export function Table<T>(props: TableProps<T>) {
  const { caption, columns, rows, keyOf, skeletonRows = 6, sort, detail, selection, isHeadHidden } = props;
  const { isDense, onOpen, openKey } = props;
  const count = columns.length + (selection === undefined ? 0 : 1);
  return (
    <div className="table-frame">
      <table className={isDense ? 'table dense' : 'table'} aria-busy={rows === undefined}>
        <caption className="unseen">{caption}</caption>
        <colgroup>
          {selection !== undefined && <col className="select" />}
          {columns.map(({ key, width, from }) => (
            <col key={key} className={classOf({ from })} style={width === undefined ? {} : { width }} />
          ))}
          {/* A hidden column is none, and the cell below a row still spans as many. */}
          {columns.map(
            ({ key, from }) => from !== undefined && <col key={key} className={`until-${from}`} />,
          )}
        </colgroup>
        <thead className={isHeadHidden ? 'unseen' : undefined}>
          <tr>
            {selection !== undefined && <SelectAll selection={selection} keys={(rows ?? []).map(keyOf)} />}
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows === undefined && <SkeletonRows rows={skeletonRows} columns={count} />}
          {rows?.map((row) => {
            const below = detail?.(row) ?? null;
            return (
              <Fragment key={keyOf(row)}>
                <tr
                  {...(onOpen !== undefined && { className: 'opens', onClick: openerOf(() => onOpen(row)) })}
                  {...(openKey === keyOf(row) && { 'aria-current': true })}
                >
                  {selection !== undefined && <Select selection={selection} of={keyOf(row)} />}
                  {columns.map((column, index) => (
                    <Cell key={column.key} column={column} row={row} isFirst={index === 0} />
                  ))}
                </tr>
                {below !== null && (
                  <tr className="detail">
                    <td colSpan={count}>{below}</td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** What is pressed within a row does its own. */
function openerOf(open: () => void) {
  return ({ target }: MouseEvent<HTMLElement>): void => {
    if (target instanceof Element && target.closest('a, button, input, label') === null) open();
  };
}

interface Look {
  readonly isNumber?: boolean;
  readonly isWhole?: boolean;
  readonly from?: string | undefined;
}

const classOf = ({ isNumber, isWhole, from }: Look): string =>
  [isNumber ? 'number' : '', isWhole ? 'whole' : '', from === undefined ? '' : `from-${from}`]
    .filter((name) => name !== '')
    .join(' ');

interface HeadProps<T> {
  readonly column: Column<T>;
  readonly sort: TableProps<T>['sort'];
}

/** Pressed once more, it gives the rows their own order back. */
function Head<T>({ column, sort }: HeadProps<T>) {
  const { head, sort: order } = column;
  if (order === undefined || sort === undefined)
    return (
      <th scope="col" className={classOf(column)}>
        {head}
      </th>
    );
  const isSorted = sort.by === order.by;
  return (
    <th scope="col" className={classOf(column)} aria-sort={isSorted ? order.direction : 'none'}>
      <button
        type="button"
        title={t().common.sortedBy(head)}
        onClick={() => sort.onSort(isSorted ? '' : order.by)}
      >
        {head} {isSorted && (order.direction === 'ascending' ? <CaretUpOutlined /> : <CaretDownOutlined />)}
      </button>
    </th>
  );
}

interface CellProps<T> {
  readonly column: Column<T>;
  readonly row: T;
  readonly isFirst: boolean;
}

function Cell<T>({ column, row, isFirst }: CellProps<T>) {
  const content = column.cell(row);
  const title = column.title?.(row) ?? (typeof content === 'string' ? content : undefined);
  if (isFirst)
    return (
      <th scope="row" className={classOf(column)} title={title}>
        {content}
      </th>
    );
  return (
    <td className={classOf(column)} title={title}>
      {content}
    </td>
  );
}

type Selection = NonNullable<TableProps<never>['selection']>;

function SelectAll({ selection, keys }: { readonly selection: Selection; readonly keys: readonly string[] }) {
  const chosen = keys.filter((key) => selection.keys.has(key)).length;
  return (
    <th scope="col" className="select">
      <Checkbox
        aria-label={t().common.selectAll}
        // While rows are loaded there is nothing to choose.
        disabled={keys.length === 0}
        checked={chosen > 0 && chosen === keys.length}
        indeterminate={chosen > 0 && chosen < keys.length}
        onChange={({ target }) => selection.onChange(new Set(target.checked ? keys : []))}
      />
    </th>
  );
}

function Select({ selection, of: key }: { readonly selection: Selection; readonly of: string }) {
  return (
    <td className="select">
      <Checkbox
        aria-label={t().common.select}
        checked={selection.keys.has(key)}
        onChange={({ target }) => {
          const keys = new Set(selection.keys);
          if (target.checked) keys.add(key);
          else keys.delete(key);
          selection.onChange(keys);
        }}
      />
    </td>
  );
}

function SkeletonRows({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  return Array.from({ length: rows }, (_, row) => (
    <tr key={`row ${row}`}>
      <td colSpan={columns}>
        <Skeleton active title={false} paragraph={{ rows: 1, width: '100%' }} />
      </td>
    </tr>
  ));
}
