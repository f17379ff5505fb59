import { useEffect, useRef, useState } from 'preact/hooks';
import type { HistoryAnswer } from '../../api/answers.gen.js';
import { formatCount, formatMinute } from '../../i18n/format.js';
import { language, t } from '../../i18n/language.js';
import { isDark } from '../../look/theme.js';
import { HistoryTable } from './history-table.js';
import type { ChartData, LineChart } from './line-chart.js';
import { type LineName, type Point, sumOf } from './line-name.js';

/** Within a minute of the manager's start a line is too short to be seen. */
const POINTS_MIN = 6;

interface HistoryChartProps {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly LineName[];
  /** Whether the points of a line make a sum, or are levels of which the last is so now. */
  readonly isSum: boolean;
  /** Levels as they are now, newer than the last point. */
  readonly now?: Levels | undefined;
  readonly history: HistoryAnswer;
}

type Levels = Readonly<Partial<Record<LineName, number | null>>>;

/** Lines of the last hour; the same as a table for whoever sees none, or wants numbers. */
export function HistoryChart({ title, unit, lines, isSum, now, history }: HistoryChartProps) {
  const { overview } = t();
  const { items } = history;
  const [pointed, setPointed] = useState<number | null>(null);
  const names = lines.map((line) => overview.figure[line]).join(', ');
  const point = pointed === null ? undefined : items[pointed];
  // A sum of no points would be a 0 that contradicts the figures of the last minute.
  const isTooEarly = isSum && items.length === 0;
  const wholeOf = (line: LineName) =>
    isSum ? sumOf(items, line) : (now?.[line] ?? items.at(-1)?.[line] ?? null);
  return (
    <figure class="chart">
      <figcaption>
        <h2>{title}</h2>
        <span class="small muted">{point === undefined ? unit : formatMinute(point.at)}</span>
      </figcaption>
      <ul class="legend">
        {lines.map((line) => (
          <li key={line}>
            <span class={`swatch ${line}`} aria-hidden="true" />
            {overview.figure[line]} {point !== undefined && <strong>{formatCount(point[line])}</strong>}
            {point === undefined && !isTooEarly && <Whole count={wholeOf(line)} isSum={isSum} />}
          </li>
        ))}
      </ul>
      {items.length < POINTS_MIN && <p class="chart-note muted">{overview.early}</p>}
      <Canvas label={overview.chartOf(names, unit)} lines={lines} items={items} onPoint={setPointed} />
      <HistoryTable lines={lines} isSum={isSum} items={items} title={title} />
    </figure>
  );
}

interface WholeProps {
  readonly count: number | null;
  readonly isSum: boolean;
}

function Whole({ count, isSum }: WholeProps) {
  const { overview } = t();
  return (
    <>
      <strong>{formatCount(count)}</strong>
      <span class="muted"> {isSum ? overview.total : overview.latest}</span>
    </>
  );
}

interface CanvasProps {
  readonly label: string;
  readonly lines: readonly LineName[];
  readonly items: readonly Point[];
  readonly onPoint: (index: number | null) => void;
}

function Canvas({ label, lines, items, onPoint }: CanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<LineChart | null>(null);
  const data = useRef<ChartData>([[]]);
  data.current = toData(items, lines);
  const look = `${isDark()} ${language.value}`;

  // Another look has other colours and texts.
  useEffect(() => {
    let isOver = false;
    void import('./line-chart.js').then(({ makeLineChart }) => {
      const element = frame.current;
      if (isOver || element === null) return;
      const swatches = [...(element.closest('figure')?.querySelectorAll('.swatch') ?? [])];
      chart.current = makeLineChart(element, swatches, data.current, onPoint);
    });
    return () => {
      isOver = true;
      chart.current?.end();
      chart.current = null;
    };
  }, [look]);
  // What came new is drawn.
  useEffect(() => chart.current?.show(data.current), [items]);
  return <div ref={frame} class="chart-frame" role="img" aria-label={label} />;
}

function toData(items: readonly Point[], lines: readonly LineName[]): ChartData {
  return [
    items.map(({ at }) => Date.parse(at) / 1_000),
    ...lines.map((line) => items.map((item) => item[line])),
  ];
}
