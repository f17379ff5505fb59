import {
  Bar,
  BarChart,
  CartesianGrid,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import type { HistoryAnswer, HistoryPointAnswer } from '../../api/answers.gen.js';
import { Table } from '../../components/table.js';
import { formatMinute, formatNumber, formatSeconds, formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { useShade } from '../../state/shade.js';
import { CHART_COLOURS } from '../../theme.js';

type Name = Exclude<keyof HistoryPointAnswer, 'at' | 'starts' | 'failedAttempts'>;

/** From the bottom up. */
const COLOUR_OF = {
  delivered: 'good',
  kept: 'wait',
  refused: 'quiet',
  notTaken: 'bad',
  deliveredLater: 'good',
  buried: 'bad',
  waiting: 'wait',
  dead: 'bad',
} as const satisfies Record<Name, keyof (typeof CHART_COLOURS)['light']>;

/** Callbacks over the whole width, and below it side by side what became of kept events, and what waited. */
export default function HistoryCharts({ history }: { readonly history: HistoryAnswer }) {
  const { overview } = t();
  const interval = formatSeconds(history.intervalS);
  return (
    <>
      {!history.isStored && <p className="small muted">{overview.notStored}</p>}
      <div className="charts">
        <HistoryChart
          title={overview.flow}
          unit={overview.flowUnit(interval)}
          names={['delivered', 'kept', 'refused', 'notTaken']}
          points={history.items}
        />
        <HistoryChart
          title={overview.settled}
          unit={overview.settledUnit(interval)}
          names={['deliveredLater', 'buried']}
          points={history.items}
        />
        <HistoryChart
          title={overview.backlog}
          unit={overview.backlogUnit}
          names={['waiting', 'dead']}
          points={history.items}
        />
      </div>
    </>
  );
}

interface HistoryChartProps {
  readonly title: string;
  readonly unit: string;
  readonly names: readonly Name[];
  readonly points: readonly HistoryPointAnswer[];
}

/** A bar for each interval, a dashed line where a process started, and the same as a table. */
function HistoryChart({ title, unit, names, points }: HistoryChartProps) {
  const { overview } = t();
  const colours = CHART_COLOURS[useShade()];
  const words = names.map((name) => overview.figure[name]).join(', ');
  const starts = points.filter(({ starts: count }) => count > 0);
  return (
    <figure className="chart">
      <figcaption>
        <h3>{title}</h3>
        <ul className="legend">
          {names.map((name) => (
            <li key={name}>
              <svg className="swatch" aria-hidden="true">
                <rect width="10" height="10" rx="2" fill={colours[COLOUR_OF[name]]} />
              </svg>
              {overview.figure[name]}
            </li>
          ))}
        </ul>
      </figcaption>
      <div className="chart-frame" role="img" aria-label={overview.chartOf(words, unit)}>
        <ResponsiveContainer>
          <BarChart
            data={[...points]}
            margin={{ top: 4, right: 4, bottom: 0, left: 0 }}
            accessibilityLayer={false}
          >
            <CartesianGrid vertical={false} stroke={colours.line} />
            <XAxis
              dataKey="at"
              tickFormatter={timeFormatOf(points)}
              minTickGap={48}
              tick={{ fill: colours.text, fontSize: 12 }}
              stroke={colours.line}
            />
            <YAxis
              width={40}
              allowDecimals={false}
              tick={{ fill: colours.text, fontSize: 12 }}
              stroke={colours.line}
            />
            <Tooltip
              cursor={{ fill: colours.line, opacity: 0.5 }}
              content={({ active, payload }) =>
                active && payload[0] !== undefined ? (
                  <Point of={payload[0].payload as HistoryPointAnswer} names={names} />
                ) : null
              }
            />
            {starts.map(({ at }) => (
              <ReferenceLine key={at} x={at} stroke={colours.text} strokeDasharray="3 3" />
            ))}
            {names.map((name) => (
              <Bar
                key={name}
                dataKey={name}
                stackId="all"
                fill={colours[COLOUR_OF[name]]}
                isAnimationActive={false}
              />
            ))}
          </BarChart>
        </ResponsiveContainer>
      </div>
      <details className="as-table">
        <summary>{overview.asTable}</summary>
        <PointTable title={title} names={names} points={points} />
      </details>
    </figure>
  );
}

function Point({ of: point, names }: { readonly of: HistoryPointAnswer; readonly names: readonly Name[] }) {
  const { figure, starts } = t().overview;
  return (
    <dl className="point">
      <div>
        <dt>{formatSince(point.at)}</dt>
        <dd>{point.starts > 0 && starts}</dd>
      </div>
      {names.map((name) => (
        <div key={name}>
          <dt>{figure[name]}</dt>
          <dd>{formatNumber(point[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Intervals in which something happened, the latest first. */
function PointTable({ title, names, points }: Pick<HistoryChartProps, 'title' | 'names' | 'points'>) {
  const { overview } = t();
  return (
    <Table
      caption={title}
      keyOf={({ at }) => at}
      rows={points.filter((point) => names.some((name) => point[name] > 0)).toReversed()}
      columns={[
        { key: 'at', head: overview.from, cell: ({ at }) => formatSince(at) },
        ...names.map((name) => ({
          key: name,
          head: overview.figure[name],
          isNumber: true,
          cell: (point: HistoryPointAnswer) => formatNumber(point[name]),
        })),
      ]}
    />
  );
}

const DAY_MS = 86_400_000;

function timeFormatOf(points: readonly HistoryPointAnswer[]): (at: string) => string {
  const isLong = Date.parse(points.at(-1)?.at ?? '') - Date.parse(points[0]?.at ?? '') > DAY_MS;
  return isLong ? formatSince : formatMinute;
}
