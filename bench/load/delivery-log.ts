/**
 * What the delivery log costs: callbacks that puppets take, and events that are kept while every puppet is down, 2,500 a second
 * of each, with the log and without it, in turns on two processes. p99 is compared as well, since the log is written between
 * the answers.
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

const WARM_UP_MS = 10_000;
/** As a busy site has it. As many as go would compare how quickly each empties a queue. */
const PER_S = 2_500;

interface Pair {
  readonly logged: Program;
  readonly unlogged: Program;
}

type LogPlan = DeliveryPlan & { readonly keepPerAccount: number };

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
    ...ratiosOf('callbacks', takenRounds.logged, takenRounds.unlogged),
    ...ratiosOf('kept', keptRounds.logged, keptRounds.unlogged),
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
): Promise<{ readonly logged: readonly Round[]; readonly unlogged: readonly Round[] }> {
  const open = async (what: string, env: Readonly<Record<string, string>>): Promise<Program> => {
    const temp = join(base.temp, `${name}-${what}`);
    mkdirSync(temp);
    return startProgram('ours', { ...base, temp, env }, started);
  };
  const pair: Pair = {
    logged: await open('logged', {}),
    unlogged: await open('unlogged', { DELIVERY_LOG_DAYS: '0' }),
  };
  const measure = async (program: Program, measureMs = plan.measureMs): Promise<Round> => {
    const round = await runPacedRound(program, work, { perS: PER_S, measureMs });
    if (!program.child.alive) throw new Error(`${name} ended:\n${program.child.logTail()}`);
    return round;
  };
  await measure(pair.logged, WARM_UP_MS);
  await measure(pair.unlogged, WARM_UP_MS);
  const [logged, unlogged]: Round[][] = [[], []];
  const on = async () => void logged?.push(await measure(pair.logged));
  const off = async () => void unlogged?.push(await measure(pair.unlogged));
  for (let number = 1; number <= plan.rounds; number += 1) {
    // Back and forth: whoever always follows the same one has its advantage or pays for it.
    for (const turn of number % 2 === 1 ? [on, off] : [off, on]) await turn();
    say(`round ${number}/${plan.rounds} ${name}, with and without the delivery log`);
  }
  await Promise.all([pair.logged.child.stop(), pair.unlogged.child.stop()]);
  return { logged: logged ?? [], unlogged: unlogged ?? [] };
}

/** Of what was counted, and of p99, where less is better. */
function ratiosOf(name: string, on: readonly Round[], off: readonly Round[]): Verdict[] {
  return [
    ...ratioVerdicts(`${name}, with / without the log`, on, off, LOG_RATIO_MIN),
    p99Verdict(name, on, off),
  ];
}

/**
 * The geometric mean of the ratios of all rounds, with two standard errors to either side: p99 of so short a round varies
 * severalfold, with the log and without it.
 */
function p99Verdict(name: string, on: readonly Round[], off: readonly Round[]): Verdict {
  const logs = off.flatMap(({ p99Ms }, n) => (on[n] === undefined ? [] : [Math.log(p99Ms / on[n].p99Ms)]));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / Math.max(1, logs.length - 1) / logs.length);
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
