/**
 * What the delivery log costs: callbacks that puppets take, and events that are kept while every puppet is down, 2,500 a second
 * of each, with the log and without it, in turns on two processes. p99 is compared as well, since the log is written between
 * the answers. It differs more from process to process than by the log, so there are several pairs of processes.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Callback, makeAccounts, makeCallbacks } from './accounts.js';
import type { Child } from './child.js';
import type { DeliveryPlan } from './delivery.js';
import { deadEndpoints } from './keep.js';
import { type MeasuredKey, type Program, type Setting, startProgram } from './programs.js';
import { type Part, ratioTable, table } from './report.js';
import { runPacedRound } from './paced-round.js';
import type { Round, Work } from './round.js';
import type { Sink } from './sink.js';
import { LOG_RATIO_MIN, ratioVerdicts, type Verdict } from './verdict.js';

/** Until V8 has compiled what there is to compile: its threads hold up callbacks more than the log does. */
const WARM_UP_MS = 15_000;
/** As a busy site has it. As many as go would compare how quickly each empties a queue. */
const PER_S = 2_500;

interface Pair {
  readonly logged: Program;
  readonly unlogged: Program;
}

type LogPlan = DeliveryPlan & {
  /** Of processes, with `rounds` of each. */
  readonly pairs: number;
  readonly keepPerAccount: number;
};

/** Those of each pair one after the other. */
interface PairedRounds {
  readonly logged: readonly Round[];
  readonly unlogged: readonly Round[];
}

/** @throws Error when a program ended. */
export async function measureDeliveryLog(
  base: Setting,
  sink: Sink,
  plan: LogPlan,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<Part> {
  const taken: Work<Callback> = {
    requests: makeCallbacks(base.accounts, plan.perAccount),
    count: () => sink.delivered,
  };
  const takenRounds = await inPairs('taken', base, taken, plan, started, say);
  const accounts = makeAccounts(await deadEndpoints());
  const kept: Work<Callback> = {
    requests: makeCallbacks(accounts, plan.keepPerAccount),
    count: (generator) => generator.accepted,
  };
  const keptRounds = await inPairs('kept', { ...base, accounts }, kept, plan, started, say);
  const rounds = new Map<MeasuredKey, readonly Round[]>([
    ['logged', takenRounds.logged],
    ['unlogged', takenRounds.unlogged],
    ['keptLogged', keptRounds.logged],
    ['keptUnlogged', keptRounds.unlogged],
  ]);
  const results = [
    ...ratiosOf('callbacks', takenRounds, plan.pairs),
    ...ratiosOf('kept', keptRounds, plan.pairs),
  ];
  const note = '- Nothing binds the manager to one core here.';
  const text = ['## The delivery log', table(rounds, 'per second'), ratioTable(results, 'ratio'), note].join(
    '\n\n',
  );
  return { rounds, text: [text], results };
}

async function inPairs(
  name: string,
  base: Setting,
  work: Work<Callback>,
  plan: LogPlan,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<PairedRounds> {
  const [logged, unlogged]: [Round[], Round[]] = [[], []];
  for (let number = 1; number <= plan.pairs; number += 1) {
    const temp = join(base.temp, `${name}-${number}`);
    const pair = await openPair({ ...base, temp }, started);
    await Promise.all([pair.logged, pair.unlogged].map((program) => measure(program, work, WARM_UP_MS)));
    const on = async () => void logged.push(await measure(pair.logged, work, plan.measureMs));
    const off = async () => void unlogged.push(await measure(pair.unlogged, work, plan.measureMs));
    // Back and forth: whoever always follows the same one has its advantage or pays for it.
    for (let round = 1; round <= plan.rounds; round += 1)
      for (const turn of (number + round) % 2 === 0 ? [on, off] : [off, on]) await turn();
    await Promise.all([pair.logged.child.stop(), pair.unlogged.child.stop()]);
    say(`pair ${number}/${plan.pairs} ${name}, with and without the delivery log`);
  }
  return { logged, unlogged };
}

async function openPair(base: Setting, started: (child: Child) => void): Promise<Pair> {
  const open = async (what: string, env: Readonly<Record<string, string>>): Promise<Program> => {
    const temp = join(base.temp, what);
    mkdirSync(temp, { recursive: true });
    return startProgram('ours', { ...base, temp, env }, started);
  };
  return { logged: await open('logged', {}), unlogged: await open('unlogged', { DELIVERY_LOG_DAYS: '0' }) };
}

async function measure(program: Program, work: Work<Callback>, measureMs: number): Promise<Round> {
  const round = await runPacedRound(program, work, { perS: PER_S, measureMs });
  if (!program.child.alive) throw new Error(`the manager ended:\n${program.child.logTail()}`);
  return round;
}

/** Of what was counted, and of p99, where less is better. */
function ratiosOf(name: string, { logged, unlogged }: PairedRounds, pairs: number): Verdict[] {
  return [
    ...ratioVerdicts(`${name}, with / without the log`, logged, unlogged, LOG_RATIO_MIN),
    p99Verdict(name, { logged, unlogged }, pairs),
  ];
}

/** The geometric mean of the ratios of all pairs, with two standard errors to either side. */
function p99Verdict(name: string, { logged, unlogged }: PairedRounds, pairs: number): Verdict {
  const logs = unlogged.flatMap(({ p99Ms }, n) =>
    logged[n] === undefined ? [] : [Math.log(p99Ms / logged[n].p99Ms)],
  );
  const rounds = logs.length / pairs;
  const ofPairs = Array.from({ length: pairs }, (_, n) => meanOf(logs.slice(n * rounds, (n + 1) * rounds)));
  const mean = meanOf(ofPairs);
  const squares = ofPairs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / Math.max(1, pairs - 1) / pairs);
  const shown = (log: number): string => Math.exp(log).toFixed(2);
  const range = `${shown(mean - 2 * standardError)} to ${shown(mean + 2 * standardError)}`;
  const ratio = Math.exp(mean);
  return {
    name: `p99 of ${name}, without / with (${range})`,
    byRate: ratio,
    byCpu: null,
    decides: ratio,
    atLeast: LOG_RATIO_MIN,
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
