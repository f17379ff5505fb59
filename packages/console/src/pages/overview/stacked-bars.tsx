import { formatMinute, formatNumber, formatSince } from '../../i18n/format.js';
import type { BarName, Point } from './bar-name.js';

const HEIGHT = 100;
/** So that one of a thousand is seen. */
const HEIGHT_MIN = 1.5;
const TIMES = 4;
const DAY_MS = 86_400_000;

interface StackedBarsProps {
  /** For whoever does not see it. */
  readonly label: string;
  /** From the bottom up. */
  readonly names: readonly BarName[];
  readonly items: readonly Point[];
  readonly onPoint: (index: number | null) => void;
}

/** A bar for each interval, and a line where a process started. Colours are those that CSS gives to the names. */
export function StackedBars({ label, names, items, onPoint }: StackedBarsProps) {
  const top = topOf(Math.max(...items.map((item) => names.reduce((sum, name) => sum + item[name], 0))));
  return (
    <div class="chart-frame">
      <svg
        viewBox={`0 0 ${items.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
        onPointerMove={({ currentTarget, clientX }) => {
          const { left, width } = currentTarget.getBoundingClientRect();
          const index = Math.floor(((clientX - left) / width) * items.length);
          onPoint(Math.min(Math.max(index, 0), items.length - 1));
        }}
        onPointerLeave={() => onPoint(null)}
      >
        <path
          class="grid"
          d={`M0 0H${items.length}M0 ${HEIGHT / 2}H${items.length}M0 ${HEIGHT}H${items.length}`}
        />
        {names.map((name, index) => (
          <path key={name} class={`bars ${name}`} d={barsOf(items, names.slice(0, index + 1), top)} />
        ))}
        <path
          class="starts"
          d={items.map(({ starts }, n) => (starts > 0 ? `M${n} 0V${HEIGHT}` : '')).join('')}
        />
      </svg>
      <span class="chart-count top">{formatNumber(top)}</span>
      <span class="chart-count half">{formatNumber(top / 2)}</span>
      <div class="chart-times">
        {timesOf(items).map((time) => (
          <span key={time}>{time}</span>
        ))}
      </div>
    </div>
  );
}

/** Even, since half of it is written, too. */
function topOf(count: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(count, 1)));
  return [2, 4, 6, 8].map((step) => step * size).find((top) => top >= count) ?? 10 * size;
}

/** The bars of the last name, on those of the others. */
function barsOf(items: readonly Point[], names: readonly BarName[], top: number): string {
  const last = names.at(-1);
  const bars = items.map((item, n) => {
    if (last === undefined || item[last] === 0) return '';
    const heights = names.map((name) => heightOf(item[name], top));
    const below = heights.slice(0, -1).reduce((sum, height) => sum + height, 0);
    const height = heights.at(-1) ?? 0;
    return `M${n + 0.1} ${(HEIGHT - below).toFixed(2)}v${(-height).toFixed(2)}h.8v${height.toFixed(2)}z`;
  });
  return bars.join('');
}

function heightOf(count: number, top: number): number {
  return count === 0 ? 0 : Math.max(HEIGHT_MIN, (count / top) * HEIGHT);
}

/** Some from the first to the last; of several days with the date. */
function timesOf(items: readonly Point[]): string[] {
  const at = Array.from(
    { length: TIMES + 1 },
    (_, n) => items[Math.round((n * (items.length - 1)) / TIMES)]?.at ?? '',
  );
  const isLong = Date.parse(at.at(-1) ?? '') - Date.parse(at[0] ?? '') > DAY_MS;
  return at.map((time) => (isLong ? formatSince(time) : formatMinute(time)));
}
