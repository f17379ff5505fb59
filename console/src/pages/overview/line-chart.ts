import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatMinute, formatNumber } from '../../i18n/format.js';

/** Seconds since the epoch, then a row of values for each line. */
export type ChartData = readonly [readonly number[], ...(readonly (number | null)[])[]];

export interface LineChart {
  show(data: ChartData): void;
  end(): void;
}

const HOUR_S = 3_600;
const HEIGHT = 190;
const FONT = '11px system-ui, sans-serif';
const TICK_SPACE = 70;
const LINE_VALUES_MIN = 3;

/**
 * A chart in `frame`, as wide as that is. Its colours are those that CSS gives to the frame and the swatches, as
 * they are now: in another theme it has to be made anew.
 * @param onPoint with the point that is pointed at; null when there is none.
 */
export function makeLineChart(
  frame: HTMLElement,
  swatches: readonly Element[],
  data: ChartData,
  onPoint: (index: number | null) => void,
): LineChart {
  const { color, outlineColor } = getComputedStyle(frame);
  const axis = {
    stroke: color,
    font: FONT,
    grid: { stroke: outlineColor, width: 1 },
    ticks: { show: false },
  };
  const chart = new uPlot(
    {
      width: frame.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
      scales: {
        x: { range: toLastHour },
        y: { range: (_self, _min, max) => [0, Math.max(4, Math.ceil(max * 1.1))] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          space: TICK_SPACE,
          values: (_self, ticks) => ticks.map((at) => formatMinute(at * 1_000)),
        },
        { ...axis, size: 44, incrs: WHOLE_STEPS, values: (_self, ticks) => ticks.map(formatNumber) },
      ],
      series: [{}, ...swatches.map(toSeries)],
      hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
    },
    toAligned(data),
    frame,
  );
  const observer = new ResizeObserver(() => chart.setSize({ width: frame.clientWidth, height: HEIGHT }));
  observer.observe(frame);
  return {
    show: (next) => chart.setData(toAligned(next)),
    end: () => {
      observer.disconnect();
      chart.destroy();
    },
  };
}

/** Also of a manager that has just started, whose lines grow in from the right. */
function toLastHour(_self: uPlot, _from: number | null, last: number | null): uPlot.Range.MinMax {
  const end = last ?? Date.now() / 1_000;
  return [end - HOUR_S, end];
}

/** Nothing here comes in halves. */
const WHOLE_STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
];

/** One value alone has no line that could be seen. */
function isTooShortForLine({ data }: uPlot, line: number): boolean {
  return (data[line] ?? []).filter((value) => value !== null).length < LINE_VALUES_MIN;
}

function toSeries(swatch: Element): uPlot.Series {
  const { color, borderTopStyle } = getComputedStyle(swatch);
  return {
    stroke: color,
    width: 1.75,
    points: { show: isTooShortForLine },
    ...(borderTopStyle === 'dashed' && { dash: [5, 4] }),
  };
}

function toAligned([times, ...lines]: ChartData): uPlot.AlignedData {
  return [[...times], ...lines.map((line) => [...line])];
}
