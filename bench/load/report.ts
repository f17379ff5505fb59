/** Turns rounds into a table, and ratios into a verdict. */

import { cpus, release, totalmem, type } from 'node:os';
import { commit } from '../commit.js';
import type { Cores } from './cores.js';
import type { KeepResult } from './keep.js';
import { type MeasuredKey, TITLES } from './programs.js';
import type { Round } from './round.js';

export type Rounds = ReadonlyMap<MeasuredKey, readonly Round[]>;

/** What the product promises; `bench/README.md` says why these two. */
export const TARGETS = [
  { against: 'a', atLeast: 0.6 },
  { against: 'b', atLeast: 4 },
] as const;
/** Kept durably per second on one core, while every puppet is down. */
export const KEPT_PER_S_MIN = 5_000;

export type Verdict = {
  readonly name: string;
  /** By what was counted per second. */
  readonly byRate: number;
  /** By what was counted per second of the server's CPU time; `null` without /proc. */
  readonly byCpu: number | null;
  /** The one of the two that decides. */
  readonly decides: number;
  readonly atLeast: number;
};

type Pair = { readonly own: Round; readonly other: Round };

/** Below this share of its core a server was held up by something else, and its rate says little. */
const OWN_CORE_SHARE = 0.85;
const FREE_ROUNDS_MIN = 3;

/**
 * A ratio is taken within each round, where both ran side by side, and the median of those counts. Rounds in
 * which either server did not have its core are left out; with too few others CPU time decides, because one
 * program that met a busy neighbour and one that did not are no comparison.
 */
export function verdicts(rounds: Rounds): Verdict[] {
  return TARGETS.flatMap(({ against, atLeast }) => {
    const pairs = (rounds.get(against) ?? []).flatMap((other, index) => {
      const own = rounds.get('ours')?.[index];
      return own ? [{ own, other }] : [];
    });
    if (pairs.length === 0) return [];
    const free = pairs.filter(({ own, other }) => hadItsCore(own) && hadItsCore(other));
    const isFree = free.length >= FREE_ROUNDS_MIN;
    const byRate = rateRatio(isFree ? free : pairs);
    const byCpu = cpuRatio(pairs);
    return [
      { name: `ours / (${against})`, byRate, byCpu, decides: isFree ? byRate : (byCpu ?? byRate), atLeast },
    ];
  });
}

/** By the same rules, for a figure that is compared with no other program's. */
export function keepVerdict(rounds: readonly Round[]): Verdict {
  const free = rounds.filter(hadItsCore);
  const isFree = free.length >= FREE_ROUNDS_MIN;
  const byRate = median((isFree ? free : rounds).map(({ perS }) => perS));
  const perCpuSecond = rounds.flatMap(({ serverCpuMsPer1000: cpuMs }) => (cpuMs ? [1_000_000 / cpuMs] : []));
  const byCpu = perCpuSecond.length > 0 ? median(perCpuSecond) : null;
  const decides = isFree ? byRate : (byCpu ?? byRate);
  return { name: 'kept durably', byRate, byCpu, decides, atLeast: KEPT_PER_S_MIN };
}

function hadItsCore({ serverShare }: Round): boolean {
  return serverShare === null || serverShare >= OWN_CORE_SHARE;
}

function rateRatio(pairs: readonly Pair[]): number {
  return median(pairs.map(({ own, other }) => own.perS / other.perS));
}

function cpuRatio(pairs: readonly Pair[]): number | null {
  const ratios = pairs.flatMap(({ own, other }) =>
    own.serverCpuMsPer1000 && other.serverCpuMsPer1000
      ? [other.serverCpuMsPer1000 / own.serverCpuMsPer1000]
      : [],
  );
  return ratios.length > 0 ? median(ratios) : null;
}

export function failureLines(rounds: Rounds): string[] {
  return [...rounds].flatMap(([key, ofKey]) =>
    ofKey.flatMap(({ failures }, index) =>
      [...failures].map(([what, count]) => `${TITLES[key]}, round ${index + 1}: ${count} times ${what}`),
    ),
  );
}

/** What makes a figure less than it seems, for the reader to judge. */
export function notices(rounds: Rounds, cores: Cores | null): string[] {
  const lines = cores ? [] : ['Nothing was pinned to a core: the figures are not those of one core.'];
  for (const [key, ofKey] of rounds) {
    const undelivered = ofKey.reduce((sum, round) => sum + round.uncounted, 0);
    const loadShare = median(ofKey.map((round) => round.loadShare));
    const heldUp = ofKey.filter((round) => !hadItsCore(round)).length;
    if (undelivered !== 0) lines.push(`${TITLES[key]}: ${undelivered} answered 200 and not delivered.`);
    if (loadShare > 0.95) {
      lines.push(`${TITLES[key]}: generator and puppets used ${percent(loadShare)}, so they were the limit.`);
    }
    if (heldUp > 0) {
      lines.push(
        `${TITLES[key]}: in ${heldUp} of ${ofKey.length} rounds the server had less than ` +
          `${percent(OWN_CORE_SHARE)} of its core; the machine was busy.`,
      );
    }
  }
  return lines;
}

export function table(rounds: Rounds, counted: string): string {
  const head = ['program', counted, '(min–max)', 'p50 ms', 'p99 ms', 'not 200', 'server CPU', 'CPU ms/1000'];
  const rows = [...rounds].map(([key, ofKey]) => [TITLES[key], ...figures(ofKey)]);
  return alignedTable([[...head, 'RSS MB', 'load CPU'], ...rows]);
}

export function isMissed({ decides, atLeast }: Verdict): boolean {
  return !(decides >= atLeast);
}

export function verdictTable(results: readonly Verdict[]): string {
  return alignedTable([
    ['ratio', 'delivered/s', 'per CPU second', 'target', 'verdict'],
    ...results.map((verdict) => verdictRow(verdict, (ratio) => ratio.toFixed(2))),
  ]);
}

function verdictRow(verdict: Verdict, print: (figure: number) => string): string[] {
  const { name, byRate, byCpu, decides, atLeast } = verdict;
  const word = isMissed(verdict) ? 'FAIL' : 'pass';
  const target = `≥ ${atLeast.toLocaleString('en-US')}`;
  const how = decides === byRate ? '' : ' (by CPU)';
  return [name, print(byRate), byCpu === null ? '–' : print(byCpu), target, word + how];
}

/** A section of its own, since a kept event is no delivered one. */
export function keepSection({ rounds, accounts, kept, commits }: KeepResult, verdict: Verdict): string {
  return [
    '## Kept per second while every puppet is down',
    table(new Map([['keep', rounds]]), 'kept/s'),
    alignedTable([['what', 'kept/s', 'per CPU second', 'target', 'verdict'], verdictRow(verdict, thousands)]),
    `- ${thousands(accounts)} kf accounts; ${thousands(kept)} events kept, warm-up included, in ${thousands(commits)} commits of LMDB\n` +
      '- After `kill -9` the store held the newest event of every account, and a new start found all of them waiting.',
  ].join('\n\n');
}

export function machine(root: string, cores: Cores | null): string {
  const [cpu] = cpus();
  const pinned = cores
    ? `server on core ${cores.server}, generator and puppets on core ${cores.load}, ` +
      `database of (b) on core ${cores.database}`
    : 'not pinned';
  return [
    `- machine: ${cpu?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
    `- pinned: ${pinned}`,
    `- Node ${process.version}, commit ${commit(root)}, ${new Date().toISOString().slice(0, 10)}`,
  ].join('\n');
}

function figures(rounds: readonly Round[]): string[] {
  const rates = rounds.map((round) => round.perS);
  const of = (pick: (round: Round) => number | null, print: (value: number) => string) => {
    const values = rounds.map(pick).filter((value) => value !== null);
    return values.length > 0 ? print(median(values)) : '–';
  };
  const failures = rounds
    .flatMap((round) => [...round.failures.values()])
    .reduce((sum, count) => sum + count, 0);
  return [
    thousands(median(rates)),
    `${thousands(Math.min(...rates))}–${thousands(Math.max(...rates))}`,
    of(
      (round) => round.p50Ms,
      (value) => value.toFixed(1),
    ),
    of(
      (round) => round.p99Ms,
      (value) => value.toFixed(1),
    ),
    String(failures),
    of((round) => round.serverShare, percent),
    of(
      (round) => round.serverCpuMsPer1000,
      (value) => value.toFixed(0),
    ),
    of(
      (round) => round.rssMb,
      (value) => value.toFixed(0),
    ),
    of((round) => round.loadShare, percent),
  ];
}

/** A Markdown table that also reads well in a terminal. */
function alignedTable([head = [], ...rows]: string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => '-'.repeat(width + 1) + (column === 0 ? '-' : ':')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
