/** The table of an overload, as lab/faults/results/overload.md has it. */
import type { Answers, FloodFigures } from './flood.js';

export interface Phase {
  readonly name: string;
  readonly figures: FloodFigures;
  /** Until a callback that was sent after the phase was answered 200. */
  readonly recoveredMs: number;
  readonly rssMb: number;
  readonly loopDelayMs: number;
}

const HEAD = [
  'phase',
  'offered/s',
  'sent/s',
  '200/s',
  'its p50 / p99 / max',
  '503/s',
  'its p50 / p99 / max',
  'others',
  'event loop late',
  'RSS',
  'over after',
];

export function phaseTable(phases: readonly Phase[]): string {
  const rows = [HEAD, HEAD.map(() => '---'), ...phases.map(cellsOf)];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function cellsOf({ name, figures, recoveredMs, rssMb, loopDelayMs }: Phase): string[] {
  const { accepted, refused, others, unsent, seconds } = figures;
  const other = [...others.values()].reduce((sum, count) => sum + count, 0);
  const sent = accepted.count + refused.count + other;
  const perS = (count: number) => Math.round(count / seconds).toLocaleString('en-US');
  return [
    name,
    perS(sent + unsent),
    perS(sent),
    perS(accepted.count),
    latenciesOf(accepted),
    perS(refused.count),
    latenciesOf(refused),
    other.toLocaleString('en-US'),
    `${loopDelayMs.toFixed(0)} ms`,
    `${rssMb.toFixed(0)} MB`,
    `${recoveredMs.toFixed(0)} ms`,
  ];
}

function latenciesOf({ count, latencies, maxMs }: Answers): string {
  if (count === 0) return '–';
  const [p50, p99] = [0.5, 0.99].map((share) => latencies.percentile(share).toFixed(0));
  return `${p50} / ${p99} / ${maxMs.toFixed(0)} ms`;
}
