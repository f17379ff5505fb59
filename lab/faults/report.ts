/** The table, on a terminal and as lab/faults/results/newest.md. */

import { cpus, release, totalmem, type } from 'node:os';
import { commit } from './commit.js';
import type { Durations } from './durations.js';
import type { NotRun, OthersP99, Row } from './scenario.js';

const HEAD = [
  'injection',
  'length',
  'load',
  'n (answered 200)',
  'lost',
  'duplicates',
  'recovery p50/p99/max',
  "others' p99",
  'holds',
];

export function isNotRun(row: Row | NotRun): row is NotRun {
  return 'notRun' in row;
}

export function table(rows: readonly (Row | NotRun)[]): string {
  return textTable([HEAD, ...rows.map(cellsOf)]);
}

/** In Markdown, and readable on a terminal. */
export function textTable(cells: readonly (readonly string[])[]): string {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const [head = '', ...body] = cells.map(line);
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body].join('\n');
}

/** What does not fit into the table, by its first column. */
export function remarks(rows: readonly (Row | NotRun)[]): string {
  return rows
    .map((row) => {
      if (isNotRun(row)) return `- ${row.injection}: **not run**: ${row.notRun}`;
      const broken = row.broken.map((what) => `**${what}**`);
      return `- ${row.injection}, ${row.length}: ${[...broken, ...row.remarks].join('; ')}`;
    })
    .join('\n');
}

export function machine(root: string, ...more: readonly string[]): string {
  const [cpu] = cpus();
  return [
    `- machine: ${cpu?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
    `- Node ${process.version}, commit ${commit(root)}, ${new Date().toISOString().slice(0, 10)}`,
    ...more.map((line) => `- ${line}`),
  ].join('\n');
}

function cellsOf(row: Row | NotRun): string[] {
  if (isNotRun(row)) return [row.injection, 'not run', ...HEAD.slice(2).map(() => '–')];
  return [
    row.injection,
    row.length,
    row.load,
    `${thousands(row.sent)} (${thousands(row.accepted)})`,
    String(row.lost),
    String(row.duplicates),
    row.recovery ? recoveryOf(row.recovery) : '–',
    row.othersP99 ? othersOf(row.othersP99) : '–',
    row.broken.length === 0 ? 'yes' : 'NO',
  ];
}

function recoveryOf(durations: Durations): string {
  if (durations.count === 0) return 'none waited';
  const seconds = [0.5, 0.99, 1].map((share) => (durations.percentile(share) / 1_000).toFixed(2));
  return `${seconds.join(' / ')} s`;
}

function othersOf({ beforeMs, duringMs }: OthersP99): string {
  return `${duringMs.toFixed(1)} ms (${beforeMs.toFixed(1)} ms without)`;
}

function thousands(count: number): string {
  return count.toLocaleString('en-US');
}
