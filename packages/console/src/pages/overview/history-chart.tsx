import { useState } from 'preact/hooks';
import type { HistoryAnswer } from '../../api/answers.gen.js';
import { formatCount, formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { type BarName, sumOf } from './bar-name.js';
import { HistoryTable } from './history-table.js';
import { StackedBars } from './stacked-bars.js';

interface HistoryChartProps {
  readonly title: string;
  readonly unit: string;
  /** From the bottom up. */
  readonly names: readonly BarName[];
  /** Levels as they are now, of which no sum can be made. */
  readonly now?: Levels | undefined;
  readonly history: HistoryAnswer;
}

type Levels = Readonly<Partial<Record<BarName, number | null>>>;

/** Bars over time; the same as a table for whoever sees none, or wants numbers. */
export function HistoryChart({ title, unit, names, now, history: { items } }: HistoryChartProps) {
  const { overview } = t();
  const [pointed, setPointed] = useState<number | null>(null);
  const point = pointed === null ? undefined : items[pointed];
  const words = names.map((name) => overview.figure[name]).join(', ');
  const starts = point?.starts ?? sumOf(items, 'starts');
  return (
    <figure class="chart">
      <figcaption>
        <h2>{title}</h2>
        <span class="small muted">{point === undefined ? unit : formatSince(point.at)}</span>
      </figcaption>
      <ul class="legend">
        {names.map((name) => (
          <li key={name}>
            <span class={`swatch ${name}`} aria-hidden="true" /> {overview.figure[name]}{' '}
            {point !== undefined && <strong>{formatCount(point[name])}</strong>}
            {point === undefined && now === undefined && (
              <Whole count={sumOf(items, name)} of={overview.total} />
            )}
            {point === undefined && now !== undefined && (
              <Whole count={now[name] ?? null} of={overview.latest} />
            )}
          </li>
        ))}
        {starts > 0 && (
          <li>
            <span class="swatch starts" aria-hidden="true" /> {overview.starts}{' '}
            <strong>{formatCount(starts)}</strong>
          </li>
        )}
      </ul>
      <StackedBars label={overview.chartOf(words, unit)} names={names} items={items} onPoint={setPointed} />
      <HistoryTable names={names} isSum={now === undefined} items={items} title={title} />
    </figure>
  );
}

interface WholeProps {
  readonly count: number | null;
  readonly of: string;
}

function Whole({ count, of }: WholeProps) {
  return (
    <>
      <strong>{formatCount(count)}</strong>
      <span class="muted"> {of}</span>
    </>
  );
}
