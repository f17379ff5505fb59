import { DataTable } from '../../components/data-table.js';
import { formatCount, formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { type BarName, type Point, sumOf } from './bar-name.js';

interface HistoryTableProps {
  readonly title: string;
  readonly names: readonly BarName[];
  /** Otherwise the highest counts. */
  readonly isSum: boolean;
  readonly items: readonly Point[];
}

const ROWS = 12;

/** A chart as numbers, when somebody asks for them: the latest intervals first, so many together that there are twelve rows. */
export function HistoryTable({ title, names, isSum, items }: HistoryTableProps) {
  const { overview } = t();
  const inRow = (row: readonly Point[], name: BarName): number =>
    isSum ? sumOf(row, name) : Math.max(...row.map((item) => item[name]));
  return (
    <details class="as-table">
      <summary>{overview.asTable}</summary>
      <DataTable
        caption={title}
        keyOf={(row) => row[0]?.at ?? ''}
        rows={inRows(items)}
        columns={[
          { key: 'time', head: overview.from, cell: (row) => formatSince(row[0]?.at ?? '') },
          ...names.map((name) => ({
            key: name,
            head: overview.figure[name],
            isNumber: true,
            cell: (row: readonly Point[]) => formatCount(inRow(row, name)),
          })),
          {
            key: 'starts',
            head: overview.starts,
            isNumber: true,
            cell: (row: readonly Point[]) => formatCount(sumOf(row, 'starts')),
          },
        ]}
      />
    </details>
  );
}

function inRows(items: readonly Point[]): readonly (readonly Point[])[] {
  const perRow = Math.ceil(items.length / ROWS);
  const rows: Point[][] = [];
  for (let end = items.length; end > 0; end -= perRow) rows.push(items.slice(Math.max(0, end - perRow), end));
  return rows;
}
