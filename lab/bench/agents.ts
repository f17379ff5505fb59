/**
 * What agents cost: the p99 of other bots' callbacks with 100 calls of an agent under way and without, in turns; the time that the
 * manager adds to an answer; memory. `--write` writes results/agents.md; `--short` takes a little of each, and a missed target is
 * then no failure.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspectedAt, LiveMemory } from '../fuzz/live-memory.js';
import { type Account, makeAccounts, makeCallbacks } from './load/accounts.js';
import { AgentSite, CALLS } from './load/agent-site.js';
import type { Child } from './load/child.js';
import { moveTo, planCores } from './load/cores.js';
import { runPacedRound } from './load/paced-round.js';
import { freePort, type Program, startProgram } from './load/programs.js';
import { NO_LIMITS } from './load/proxy.js';
import { alignedTable, failureLines, machine, notices, table } from './load/report.js';
import type { Round } from './load/round.js';
import { Sink } from './load/sink.js';
import { median, type Rounds } from './load/verdict.js';

const isShort = process.argv.includes('--short');
const ACCOUNTS = 20;
const PER_ACCOUNT = isShort ? 50 : 500;
const ROUNDS = isShort ? 1 : 10;
const MEASURE_MS = isShort ? 1_000 : 5_000;
const WARM_UP_MS = isShort ? 1_000 : 10_000;
/** Of other bots' callbacks: what one core does with time left over. */
const CALLBACKS_PER_S = 1_000;
/** Between an answer and the next question there are a few less. */
const CALLS_MIN = 0.9 * CALLS;
/** By how much the calls may raise the p99 of callbacks. */
const P99_RATIO_MAX = 1.2;
/** A long answer, of a model that sends some 60 pieces a second. */
const LONG = { takesMs: isShort ? 5_000 : 10_000, bytes: 4_096 };
const SHORT_BYTES = 100;
const SERVICE_MS = [0, 2_000];
const MESSAGES_PER_S = 20;
const ADDED_FOR_MS = isShort ? 2_000 : 30_000;
const LIMIT_MS = isShort ? 180_000 : 900_000;

interface Measured {
  readonly program: Program;
  readonly site: AgentSite;
  /** Of other bots, puppets that take events. */
  readonly accounts: readonly Account[];
}

const cores = planCores();
const temp = mkdtempSync(join(tmpdir(), 'wxkf-bench-agents-'));
const children: Child[] = [];

process.once('exit', () => {
  for (const child of children) child.kill();
  rmSync(temp, { recursive: true, force: true });
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
setTimeout(() => {
  say(`gave up after ${LIMIT_MS / 1_000} s`);
  process.exit(1);
}, LIMIT_MS).unref();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** On a new manager with an agent and with puppets of other corps. */
async function withManager<T>(
  name: string,
  sink: Sink,
  env: Readonly<Record<string, string>>,
  work: (measured: Measured) => Promise<T>,
): Promise<T> {
  const accounts = makeAccounts(sink.endpoints);
  const site = await AgentSite.open();
  const setting = {
    ...{ root: process.cwd(), before: undefined, mongoUri: undefined, accounts, accountsFile: '' },
    ...{ temp: join(temp, name), serverCore: cores?.server },
    env: { ...site.env, ...NO_LIMITS, SECRETS_KEY: randomBytes(32).toString('base64'), ...env },
  };
  mkdirSync(setting.temp);
  const program = await startProgram('ours', setting, (child) => void children.push(child));
  await site.join(`http://127.0.0.1:${program.port}`);
  const result = await work({ program, site, accounts });
  await program.child.stop();
  await site.close();
  return result;
}

async function measureRounds(
  { program, site, accounts }: Measured,
  sink: Sink,
): Promise<{ rounds: Rounds; calls: number }> {
  const work = { requests: makeCallbacks(accounts, PER_ACCOUNT), count: () => sink.delivered };
  const measure = (measureMs: number) => runPacedRound(program, work, { perS: CALLBACKS_PER_S, measureMs });
  await measure(WARM_UP_MS);
  await site.besideCalls(LONG, () => measure(WARM_UP_MS));
  const [unasked, asked]: [Round[], Round[]] = [[], []];
  const alone = async () => void unasked.push(await measure(MEASURE_MS));
  const beside = async () => void asked.push(await site.besideCalls(LONG, () => measure(MEASURE_MS)));
  for (let number = 1; number <= ROUNDS; number += 1) {
    // Back and forth: whoever always follows the same one has its advantage or pays for it.
    for (const turn of number % 2 === 1 ? [alone, beside] : [beside, alone]) await turn();
    const [without, withCalls] = [unasked, asked].map((rounds) => rounds.at(-1)?.p99Ms.toFixed(1));
    say(`round ${number}/${ROUNDS} p99 ${without} ms, with ${CALLS} calls ${withCalls} ms`);
  }
  const rounds: Rounds = new Map([
    ['unasked', unasked],
    ['asked', asked],
  ]);
  return { rounds, calls: median(site.calls) };
}

async function measureAdded({ site }: Measured): Promise<string[][]> {
  const rows: string[][] = [];
  await site.paced({ takesMs: 0, bytes: SHORT_BYTES }, MESSAGES_PER_S, WARM_UP_MS);
  for (const takesMs of SERVICE_MS) {
    const added = await site.paced({ takesMs, bytes: SHORT_BYTES }, MESSAGES_PER_S, ADDED_FOR_MS);
    rows.push([`${takesMs} ms`, ...[0.5, 0.99].map((share) => added.percentile(share).toFixed(1))]);
    say(
      `${MESSAGES_PER_S} messages a second, the service takes ${takesMs} ms: p50 and p99 ${rows.at(-1)?.slice(1).join(' ms, ')} ms`,
    );
  }
  return [['the service takes', 'p50 ms', 'p99 ms'], ...rows];
}

/** When all streams are in the middle. */
async function measureMemory({ program, site }: Measured, inspectorPort: number): Promise<string[][]> {
  const weigh = async (): Promise<string[]> => {
    const rssMb = program.child.usage()?.rssMb.toFixed(0) ?? '–';
    return [rssMb, (await LiveMemory.at(inspectorPort)).toFixed(1)];
  };
  const beside = () => site.besideCalls(LONG, () => sleep(WARM_UP_MS).then(weigh));
  await beside();
  const none = await weigh();
  const rows = [
    ['0', ...none],
    [String(CALLS), ...(await beside())],
  ];
  for (const [calls, rssMb] of rows) say(`${calls} calls under way: RSS ${rssMb} MB`);
  return [['calls under way', 'RSS MB', 'live MB'], ...rows];
}

/** A ratio is taken within each round, so that what else the machine does meets both sides. */
function p99Ratios(rounds: Rounds): number[] {
  const alone = rounds.get('unasked') ?? [];
  return (rounds.get('asked') ?? []).map(({ p99Ms }, n) => p99Ms / (alone[n]?.p99Ms ?? Number.NaN));
}

const sink = await Sink.open(ACCOUNTS);
moveTo(cores?.load);
const inspectorPort = await freePort();
const inspected = { NODE_OPTIONS: inspectedAt(inspectorPort) };
const memory = await withManager('memory', sink, inspected, (all) => measureMemory(all, inspectorPort));
const added = await withManager('added', sink, {}, measureAdded);
const { rounds, calls } = await withManager('rounds', sink, {}, (all) => measureRounds(all, sink));
const ratios = p99Ratios(rounds);
const isMissed = !(median(ratios) <= P99_RATIO_MAX && calls >= CALLS_MIN);
const failures = failureLines(rounds);
const [ratio, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map((one) =>
  one.toFixed(2),
);
const report = [
  `${machine(process.cwd(), cores)}, with a load of ${loadavg()[0]?.toFixed(1)}`,
  `## Callbacks of other bots, ${CALLBACKS_PER_S.toLocaleString('en')} a second`,
  table(rounds, 'delivered/s'),
  [
    `- p99 with calls under way, ${calls.toFixed(0)} in the mean, each a stream of ${LONG.bytes} bytes that takes ${LONG.takesMs / 1_000} s, divided by p99 without: ${ratio} (${least} to ${most}); target: at most ${P99_RATIO_MAX}: ${isMissed ? 'FAIL' : 'pass'}`,
    ...notices(rounds, cores).map((line) => `- ${line}`),
  ].join('\n'),
  `## What the manager adds to an answer, ${MESSAGES_PER_S} messages a second`,
  alignedTable(added),
  '## Memory',
  alignedTable(memory),
].join('\n\n');
say(`\n${report}`);
for (const line of failures) say(`FAILED: ${line}`);
if (process.argv.includes('--write'))
  writeFileSync(
    'lab/bench/results/agents.md',
    `# What agents cost\n\nWritten by \`npm run bench:agents -w lab -- --write\`.\n\n${report}\n`,
  );
process.exit(failures.length > 0 || (isMissed && !isShort) ? 1 : 0);
