import { DataTable } from '../../components/data-table.js';
import { formatCount, formatMinute } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { type LineName, type Point, sumOf } from './line-name.js';

interface HistoryTableProps {
  readonly title: string;
  readonly lines: readonly LineName[];
  readonly isSum: boolean;
  readonly items: readonly Point[];
}

/** The latest points first, so many together that an hour has twelve rows. */
const POINTS_PER_ROW = 30;

/** A chart as numbers, when somebody asks for them. */
export function HistoryTable({ title, lines, isSum, items }: HistoryTableProps) {
  const { overview } = t();
  return (
    <details class="as-table">
      <summary>{overview.asTable}</summary>
      <DataTable
        caption={title}
        keyOf={(row) => row[0]?.at ?? ''}
        rows={inRows(items)}
        columns={[
          {
            key: 'time',
            head: overview.time,
            cell: (row) => `${formatMinute(row[0]?.at ?? 0)} – ${formatMinute(row.at(-1)?.at ?? 0)}`,
          },
          ...lines.map((line) => ({
            key: line,
            head: overview.figure[line],
            isNumber: true,
            cell: (row: readonly Point[]) =>
              formatCount(isSum ? sumOf(row, line) : (row.at(-1)?.[line] ?? null)),
          })),
        ]}
      />
    </details>
  );
}

function inRows(items: readonly Point[]): readonly (readonly Point[])[] {
  const rows: Point[][] = [];
  for (let end = items.length; end > 0; end -= POINTS_PER_ROW)
    rows.push(items.slice(Math.max(0, end - POINTS_PER_ROW), end));
  return rows;
}
