/**
 * The load test: callbacks delivered per second on one core, ours beside a hand-written program (a) and the
 * naive stack (b), in one run and in turns; then what ours keeps while every puppet is down. It talks to 127.0.0.1 only, ends within a fixed time, and ends
 * only the processes that it started.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Account, type Callback, makeAccounts, makeCallbacks } from './load/accounts.js';
import { moveTo, planCores } from './load/cores.js';
import { measureKeep } from './load/keep.js';
import {
  type MeasuredKey,
  PROGRAM_KEYS,
  type Program,
  type ProgramKey,
  type Setting,
  startProgram,
  TITLES,
} from './load/programs.js';
import { prove } from './load/proof.js';
import {
  failureLines,
  isMissed,
  keepSection,
  keepVerdict,
  machine,
  notices,
  type Rounds,
  table,
  type Verdict,
  verdicts,
  verdictTable,
} from './load/report.js';
import { type Round, runRound, type Work } from './load/round.js';
import { Sink } from './load/sink.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ACCOUNTS = 20;
const CONNECTIONS = 64;

type Plan = {
  rounds: number;
  measureMs: number;
  /** Callbacks, since it is by them and not by time that code gets compiled; fewer of (b), which takes long. */
  warmUp: Record<MeasuredKey, number>;
  warmUpLimitMs: number;
  perAccount: number;
  /** Of each of the many accounts whose puppets are down. */
  keepPerAccount: number;
  /** The run is given up then. */
  limitMs: number;
};

/** Many short rounds rather than few long ones: a neighbour's burst then spoils some of them, not the median. */
const FULL: Plan = {
  rounds: 12,
  measureMs: 2_000,
  warmUp: { a: 30_000, ours: 30_000, b: 10_000, keep: 30_000 },
  warmUpLimitMs: 15_000,
  perAccount: 1_000,
  keepPerAccount: 10,
  limitMs: 300_000,
};
/** For CI: shows that all of it still works; its figures only hint. */
const SHORT: Plan = {
  rounds: 3,
  measureMs: 1_000,
  warmUp: { a: 10_000, ours: 10_000, b: 2_000, keep: 10_000 },
  warmUpLimitMs: 5_000,
  perAccount: 200,
  keepPerAccount: 2,
  limitMs: 120_000,
};

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const plan = options.short ? SHORT : FULL;
const cores = planCores();

/** Undone last first, whatever happens. */
const cleanUps: (() => unknown)[] = [];
let cleanedUp: Promise<void> | undefined;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function cleanUp(): Promise<void> {
  cleanedUp ??= (async () => {
    for (const undo of cleanUps.reverse()) {
      await Promise.resolve(undo()).catch((error: unknown) => say(`while cleaning up: ${error}`));
    }
  })();
  return cleanedUp;
}

function endOn(reason: string, code: number): void {
  say(reason);
  cleanUp().finally(() => process.exit(code));
}

process.once('SIGINT', () => endOn('interrupted', 130));
process.once('SIGTERM', () => endOn('interrupted', 143));
process.once('uncaughtException', (error) => endOn(`FAILED: ${error.stack}`, 1));
setTimeout(() => endOn(`gave up after ${plan.limitMs / 1000} s`, 1), plan.limitMs).unref();

function wantedKeys(): { programs: ProgramKey[]; keep: boolean } {
  const all = [...PROGRAM_KEYS, 'keep'];
  const wanted = options.only?.split(',') ?? all;
  const unknown = wanted.filter((key) => !all.includes(key));
  if (unknown.length > 0) throw new Error(`--only takes ${all.join(', ')}; not ${unknown.join(', ')}`);
  return { programs: PROGRAM_KEYS.filter((key) => wanted.includes(key)), keep: wanted.includes('keep') };
}

/** The source and not what was compiled from it, because it finds its other files beside itself. */
function importMongoServer(): Promise<typeof import('../test/support/mongo/mongo-server.js')> {
  return import(new URL('../../test/support/mongo/mongo-server.ts', import.meta.url).href);
}

/** @returns `undefined` when none can be had; (b) is then left out. */
async function startDatabase(): Promise<string | undefined> {
  try {
    moveTo(cores?.database);
    const { startMongo } = await importMongoServer();
    const mongo = await startMongo();
    cleanUps.push(() => mongo.stop());
    say(`database of (b): ${mongo.kind}`);
    return mongo.uri;
  } catch (error) {
    const [reason] = String(error).split('\n');
    say(`(b) is left out: no MongoDB can be had (${reason})`);
    return undefined;
  } finally {
    moveTo(cores?.load);
  }
}

async function prepare(accounts: readonly Account[], keys: readonly ProgramKey[]): Promise<Setting> {
  const temp = mkdtempSync(join(tmpdir(), 'wxkf-bench-'));
  cleanUps.push(() => rmSync(temp, { recursive: true, force: true }));
  const setting: Setting = {
    root: ROOT,
    temp,
    accounts,
    accountsFile: join(temp, 'accounts.json'),
    mongoUri: keys.includes('b') ? await startDatabase() : undefined,
    serverCore: cores?.server,
  };
  writeFileSync(setting.accountsFile, JSON.stringify(accounts));
  return setting;
}

async function startPrograms(keys: readonly ProgramKey[], setting: Setting): Promise<Program[]> {
  const programs: Program[] = [];
  for (const key of keys) {
    if (key === 'b' && !setting.mongoUri) continue;
    programs.push(await startProgram(key, setting, (child) => cleanUps.push(() => child.stop())));
    say(`${TITLES[key]}: ready`);
  }
  return programs;
}

async function warmUp(program: Program, work: Work, sink: Sink): Promise<void> {
  const until = sink.delivered + plan.warmUp[program.key];
  const deadlineMs = performance.now() + plan.warmUpLimitMs;
  while (sink.delivered < until && performance.now() < deadlineMs) {
    await runRound(program, work, { connections: CONNECTIONS, measureMs: 500 });
  }
}

/** Each program in turn, so that whatever else the machine does meets all of them alike. */
async function runAll(programs: readonly Program[], callbacks: readonly Callback[], sink: Sink) {
  const work = { callbacks, count: () => sink.delivered };
  const rounds = new Map<MeasuredKey, Round[]>(programs.map(({ key }) => [key, []]));
  for (const program of programs) {
    await warmUp(program, work, sink);
    say(`${TITLES[program.key]}: warm`);
  }
  for (let number = 1; number <= plan.rounds; number += 1) {
    for (const program of programs) {
      const round = await runRound(program, work, {
        connections: CONNECTIONS,
        measureMs: plan.measureMs,
      });
      if (!program.child.alive) throw new Error(`${TITLES[program.key]} ended:\n${program.child.logTail()}`);
      rounds.get(program.key)?.push(round);
      say(`round ${number}/${plan.rounds} ${TITLES[program.key]}: ${Math.round(round.perS)}/s`);
      await sleep(100);
    }
  }
  return rounds;
}

function exitCode(failures: readonly string[], results: readonly Verdict[]): number {
  for (const line of failures) say(`FAILED: ${line}`);
  const missed = results.some(isMissed);
  if (missed && options.short) say('A target was missed, which a short run on a shared machine may do.');
  return failures.length > 0 || (missed && !options.short) ? 1 : 0;
}

/** What was measured, its part of the report, and what it says of the targets. */
type Part = { rounds: Rounds; text: string[]; results: Verdict[] };

async function measureDelivery(keys: readonly ProgramKey[], setting: Setting, sink: Sink): Promise<Part> {
  const { accounts } = setting;
  const callbacks = makeCallbacks(accounts, plan.perAccount);
  const programs = await startPrograms(keys, setting);
  for (const program of programs) await prove(program, accounts, sink);
  say(
    `each delivers byte for byte and refuses a forged callback; ${CONNECTIONS} connections, ${ACCOUNTS} accounts`,
  );
  const rounds = await runAll(programs, callbacks, sink);
  for (const { child } of programs) await child.stop();
  const results = verdicts(rounds);
  const text = [table(rounds, 'delivered/s'), ...(results.length > 0 ? [verdictTable(results)] : [])];
  return { rounds, text, results };
}

async function measureKeeping(setting: Setting): Promise<Part> {
  const keepPlan = {
    ...plan,
    connections: CONNECTIONS,
    warmUp: plan.warmUp.keep,
    perAccount: plan.keepPerAccount,
  };
  const result = await measureKeep(setting, keepPlan, (child) => cleanUps.push(() => child.stop()), say);
  const verdict = keepVerdict(result.rounds);
  return {
    rounds: new Map([['keep', result.rounds]]),
    text: [keepSection(result, verdict)],
    results: [verdict],
  };
}

async function main(): Promise<number> {
  const wanted = wantedKeys();
  const sink = await Sink.open(ACCOUNTS);
  cleanUps.push(() => sink.close());
  const setting = await prepare(makeAccounts(sink.endpoints), wanted.programs);
  const parts: Part[] = [];
  if (wanted.programs.length > 0) parts.push(await measureDelivery(wanted.programs, setting, sink));
  if (wanted.keep) parts.push(await measureKeeping(setting));

  const rounds = new Map(parts.flatMap((part) => [...part.rounds]));
  const remarks = notices(rounds, cores).map((line) => `- ${line}`);
  const report = [
    machine(ROOT, cores),
    ...parts.flatMap(({ text }) => text),
    ...(remarks.length > 0 ? [remarks.join('\n')] : []),
  ].join('\n\n');
  say(`\n${report}\n`);
  if (options.write) writeReport(report);
  return exitCode(
    failureLines(rounds),
    parts.flatMap(({ results }) => results),
  );
}

function writeReport(report: string): void {
  mkdirSync(join(ROOT, 'bench/results'), { recursive: true });
  const title = '# Callbacks delivered per second on one core\n\nWritten by `npm run bench -- --write`.';
  writeFileSync(join(ROOT, 'bench/results/callbacks.md'), `${title}\n\n${report}\n`);
}

main()
  .catch((error: unknown) => {
    say(`FAILED: ${error instanceof Error ? error.message : error}`);
    return 1;
  })
  .then(async (code) => {
    await cleanUp();
    process.exit(code);
  });
