/** Turns rounds and verdicts into tables. */

import { cpus, release, totalmem, type } from 'node:os';
import { commit } from '../commit.js';
import type { Cores } from './cores.js';
import type { KeepResult } from './keep.js';
import { TITLES } from './programs.js';
import type { Round } from './round.js';
import type { TokenResult } from './token.js';
import {
  hadItsCore,
  isMissed,
  median,
  OWN_CORE_SHARE,
  type Rounds,
  SLOWED_MS_MAX,
  type Verdict,
} from './verdict.js';

/** What was measured, its part of the report, and what it says of the targets. */
export type Part = { readonly rounds: Rounds; readonly text: string[]; readonly results: Verdict[] };

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
    if (undelivered !== 0) lines.push(`${TITLES[key]}: ${undelivered} answered 200 and not passed on.`);
    if (loadShare > 0.95) {
      lines.push(
        `${TITLES[key]}: generator and what is behind the server used ${percent(loadShare)}, so they were the limit.`,
      );
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
  const head = ['program', counted, '(min–max)', 'p50 ms', 'p99 ms', 'failed', 'server CPU', 'CPU ms/1000'];
  const rows = [...rounds].map(([key, ofKey]) => [TITLES[key], ...figures(ofKey)]);
  return alignedTable([[...head, 'RSS MB', 'load CPU'], ...rows]);
}

/** @param counted what the ratios are of. */
export function ratioTable(results: readonly Verdict[], counted: string): string {
  return alignedTable([
    ['ratio', counted, 'per CPU second', 'target', 'verdict'],
    ...results.map((verdict) => verdictRow(verdict, (ratio) => ratio.toFixed(2))),
  ]);
}

export function figureTable(verdict: Verdict, counted: string): string {
  return alignedTable([
    ['what', counted, 'per CPU second', 'target', 'verdict'],
    verdictRow(verdict, thousands),
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
export function keepSection(
  { rounds, accounts, kept }: KeepResult,
  verdict: Verdict,
  beside: readonly Verdict[],
): string {
  return [
    '## Kept per second while every puppet is down',
    table(rounds, 'kept/s'),
    figureTable(verdict, 'kept/s'),
    ...(beside.length > 0 ? [ratioTable(beside, 'kept/s')] : []),
    `- ${thousands(accounts)} kf accounts; ${thousands(kept)} events kept, warm-up included\n` +
      '- After `kill -9` the store held the newest event of every account, and a new start found all of them waiting.',
  ].join('\n\n');
}

export function tokenSection(
  { rounds, secrets, given, asked, tookS }: TokenResult,
  verdict: Verdict,
): string {
  return [
    '## Access tokens given per second',
    table(new Map([['token', rounds]]), 'given/s'),
    figureTable(verdict, 'given/s'),
    `- ${thousands(given)} answers with the right token, warm-up included, for ${secrets} secrets; in these ` +
      `${Math.round(tookS)} s the manager asked upstream ${asked} times`,
  ].join('\n\n');
}

export function proxySection(rounds: Rounds, verdicts: readonly Verdict[]): string {
  return [
    '## Small API calls per second',
    table(rounds, 'calls/s'),
    ratioTable(verdicts, 'calls/s'),
    '- Both passed on calls and answers byte for byte.',
  ].join('\n\n');
}

export function tunnelSection(rounds: Rounds): string {
  return [
    '## Small API calls per second through tunnels',
    table(rounds, 'calls/s'),
    '- 64 tunnels of 8 bots stay open; generator, entry and simulated WeCom share a core, which may be the limit.',
  ].join('\n\n');
}

export function isolationSection(rounds: Rounds, verdict: Verdict): string {
  const addedMs = SLOWED_MS_MAX - verdict.decides;
  return [
    '## Callbacks beside slow API calls',
    table(rounds, 'delivered/s'),
    `- With 200 slow calls of one corp under way the p99 of callbacks is ${addedMs.toFixed(1)} ms higher; ` +
      `target: at most ${SLOWED_MS_MAX} ms: ${isMissed(verdict) ? 'FAIL' : 'pass'}`,
  ].join('\n\n');
}

export function machine(root: string, cores: Cores | null): string {
  const [cpu] = cpus();
  const pinned = cores
    ? `server on core ${cores.server}, generator, puppets and simulated WeCom on core ${cores.load}, ` +
      `database on core ${cores.database}`
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
export function alignedTable([head = [], ...rows]: string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => '-'.repeat(width + 1) + (column === 0 ? '-' : ':')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
