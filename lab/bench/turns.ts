/**
 * What the benches of callbacks and of messages share: servers that take turns, so that whatever else the machine does meets all
 * of them alike, and what is said of them. Talks to 127.0.0.1 only, and ends only the processes that it started.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Manager } from '../faults/manager.js';
import { textTable, machine } from '../faults/report.js';
import { Run } from '../faults/run.js';
import { pin } from './cores.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Below this share of its core a server was held up by something else, and its rate says little. */
const OWN_CORE_SHARE = 0.85;
const BEFORE_RATIO_MIN = 0.95;
/** Above it the generator was the limit. */
const LOAD_SHARE_MAX = 0.95;

export interface Round {
  readonly perS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the server, of one core, 0..1; the server's figures are `null` where there is no /proc. */
  readonly serverShare: number | null;
  readonly cpuMsPer1000: number | null;
  readonly rssMb: number | null;
  /** Of everything else, of its core. */
  readonly loadShare: number;
}

export interface Contender {
  readonly name: string;
  readonly server: Manager;
  /** How much of it ours has to reach; `null` of ours itself. */
  readonly ratioMin: number | null;
  /** @throws Error when one thing was lost, came twice or was refused. */
  readonly round: () => Promise<Round>;
}

export interface Build {
  readonly name: string;
  readonly main: string;
  readonly ratioMin: number | null;
}

export interface Bench {
  readonly run: Run;
  /** For the servers. */
  readonly core: number | undefined;
  /** Ours, and an earlier one where `--before` names it. */
  readonly builds: readonly Build[];
}

export interface Plan {
  readonly rounds: number;
  readonly warmUpRounds: number;
  readonly limitMs: number;
}

/** @returns what is to be called when `count` things were done, with the time that each of them took. */
export function watch(server: Manager): (count: number, tookMs: readonly number[]) => Round {
  const startedMs = performance.now();
  const cpuMs = server.cpuMs();
  const load = process.cpuUsage();
  return (count, tookMs) => {
    const elapsedMs = performance.now() - startedMs;
    const endedCpuMs = server.cpuMs();
    const usedMs = cpuMs === null || endedCpuMs === null ? null : endedCpuMs - cpuMs;
    const { user, system } = process.cpuUsage(load);
    const sorted = Float64Array.from(tookMs).sort();
    const percentile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    return {
      perS: (count * 1_000) / elapsedMs,
      p50Ms: percentile(0.5),
      p99Ms: percentile(0.99),
      serverShare: usedMs === null ? null : usedMs / elapsedMs,
      cpuMsPer1000: usedMs === null ? null : (usedMs * 1_000) / count,
      rssMb: server.usage()?.rssMb ?? null,
      loadShare: (user + system) / 1_000 / elapsedMs,
    };
  };
}

/** Runs a whole bench, and ends the process. @param page of results, without its ending. */
export async function runBench(
  page: string,
  title: string,
  plans: { readonly full: Plan; readonly short: Plan },
  open: (bench: Bench) => Promise<readonly Contender[]>,
): Promise<never> {
  const { values: options } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      before: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const plan = options.short ? plans.short : plans.full;
  const temp = mkdtempSync(join(tmpdir(), 'wxkf-bench-'));
  const run = new Run(ROOT, temp, options.short, 0, 'embedded', 'http://127.0.0.1:1/cgi-bin/gettoken');
  run.onEnd(() => rmSync(temp, { recursive: true, force: true }));
  run.guard(plan.limitMs);
  const mainOf = (folder: string) => join(folder, 'dist/main.js');
  const builds = [{ name: 'this build', main: mainOf(ROOT), ratioMin: null }];
  const before = options.before === undefined ? null : mainOf(resolve(options.before));
  const core = pin();
  const contenders = await open({
    ...{ run, core },
    builds:
      before === null ? builds : [...builds, { name: 'before', main: before, ratioMin: BEFORE_RATIO_MIN }],
  });
  const rounds = await runInTurns(run, contenders, plan);
  const ratios = contenders.flatMap((other) => ratioOf(contenders, other, rounds));
  const report = [
    `# ${title}`,
    machine(
      ROOT,
      core === undefined
        ? 'not pinned: not the figures of one core'
        : `the server on core ${core}, all else on another`,
    ),
    table(contenders, rounds),
    ...(ratios.length === 0 ? [] : [ratioTable(ratios)]),
    ...notices(contenders, rounds),
  ].join('\n\n');
  run.say(`\n${report}\n`);
  if (options.write) writeFileSync(join(ROOT, `lab/bench/results/${page}.md`), `${report}\n`);
  await run.end();
  process.exit(!options.short && ratios.some(isMissed) ? 1 : 0);
}

type Rounds = ReadonlyMap<Contender, readonly Round[]>;

async function runInTurns(run: Run, contenders: readonly Contender[], plan: Plan): Promise<Rounds> {
  for (const { round } of contenders) for (let n = 0; n < plan.warmUpRounds; n++) await round();
  const rounds = new Map<Contender, Round[]>(contenders.map((contender) => [contender, []]));
  for (let number = 1; number <= plan.rounds; number++) {
    // Back and forth: whoever always follows the same one has its advantage or pays for it.
    for (const contender of number % 2 === 1 ? contenders : contenders.toReversed()) {
      const round = await contender.round();
      rounds.get(contender)?.push(round);
      run.say(`round ${number}/${plan.rounds} ${contender.name}: ${Math.round(round.perS)}/s`);
    }
  }
  return rounds;
}

interface Ratio {
  readonly name: string;
  readonly byRate: number;
  readonly byCpu: number | null;
  /** The one of the two by which it is judged. */
  readonly decides: number;
  readonly atLeast: number;
}

/** Taken within each round, where both ran side by side; the median of those counts. */
function ratioOf([own]: readonly Contender[], other: Contender, rounds: Rounds): Ratio[] {
  if (own === undefined || other.ratioMin === null) return [];
  const pairs = (rounds.get(other) ?? []).flatMap((theirs, index) => {
    const ours = rounds.get(own)?.[index];
    return ours === undefined ? [] : [[ours, theirs] as const];
  });
  const byRate = median(pairs.map(([ours, theirs]) => ours.perS / theirs.perS));
  const byCpu = medianOf(pairs, ([ours, theirs]) =>
    ours.cpuMsPer1000 === null || theirs.cpuMsPer1000 === null
      ? null
      : theirs.cpuMsPer1000 / ours.cpuMsPer1000,
  );
  const hadTheirCore = pairs
    .flat()
    .every(({ serverShare }) => serverShare === null || serverShare >= OWN_CORE_SHARE);
  const decides = hadTheirCore ? byRate : (byCpu ?? byRate);
  return [{ name: `${own.name} / ${other.name}`, byRate, byCpu, decides, atLeast: other.ratioMin }];
}

function isMissed({ decides, atLeast }: Ratio): boolean {
  return decides < atLeast;
}

function table(contenders: readonly Contender[], rounds: Rounds): string {
  const head = [
    'program',
    'per second',
    '(min–max)',
    'p50 ms',
    'p99 ms',
    'CPU ms/1000',
    'server CPU',
    'RSS MB',
    'load CPU',
  ];
  return textTable([
    head,
    ...contenders.map((contender) => {
      const all = rounds.get(contender) ?? [];
      const rates = all.map(({ perS }) => perS);
      const of = (pick: (round: Round) => number | null, digits: number, times = 1, unit = '') => {
        const value = medianOf(all, pick);
        return value === null ? '–' : (value * times).toFixed(digits) + unit;
      };
      return [
        contender.name,
        thousands(median(rates)),
        `${thousands(Math.min(...rates))}–${thousands(Math.max(...rates))}`,
        of(({ p50Ms }) => p50Ms, 1),
        of(({ p99Ms }) => p99Ms, 1),
        of(({ cpuMsPer1000 }) => cpuMsPer1000, 0),
        of(({ serverShare }) => serverShare, 0, 100, ' %'),
        of(({ rssMb }) => rssMb, 0),
        of(({ loadShare }) => loadShare, 0, 100, ' %'),
      ];
    }),
  ]);
}

function ratioTable(ratios: readonly Ratio[]): string {
  return textTable([
    ['ratio', 'per second', 'per CPU second', 'target', 'verdict'],
    ...ratios.map((ratio) => [
      ratio.name,
      ratio.byRate.toFixed(2),
      ratio.byCpu?.toFixed(2) ?? '–',
      `≥ ${ratio.atLeast}`,
      `${isMissed(ratio) ? 'FAIL' : 'pass'}${ratio.decides === ratio.byRate ? '' : ' (by CPU)'}`,
    ]),
  ]);
}

function notices(contenders: readonly Contender[], rounds: Rounds): string[] {
  return contenders
    .filter((contender) => (rounds.get(contender) ?? []).some(({ loadShare }) => loadShare > LOAD_SHARE_MAX))
    .map(({ name }) => `${name}: what sends and receives used all of its core, so that it was the limit.`);
}

function medianOf<T>(items: readonly T[], pick: (item: T) => number | null): number | null {
  const values = items.map(pick).filter((value) => value !== null);
  return values.length === 0 ? null : median(values);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
