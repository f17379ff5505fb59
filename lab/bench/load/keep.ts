/**
 * What the product does while every puppet is down: each event becomes a durable write before it is answered.
 * Counted are those answers, and nothing is believed that the store does not show after a `kill -9`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Callback, makeAccounts, makeCallbacks } from './accounts.js';
import type { Child } from './child.js';
import { Answered, proveKept } from './keep-proof.js';
import { freePort, type Program, type Setting, startProgram, TITLES } from './programs.js';
import { type Round, runRound, type Work } from './round.js';

const ACCOUNTS = 2_000;
const ORIGINS = 20;
const WARM_UP_ROUND_MS = 500;
/** The product writes its log lines 0.1 s late. */
const LOG_DELAY_MS = 300;

export type KeepPlan = {
  readonly rounds: number;
  readonly measureMs: number;
  readonly connections: number;
  /** Events kept before the first round. */
  readonly warmUp: number;
  readonly warmUpLimitMs: number;
  readonly perAccount: number;
};

export type KeepResult = {
  readonly rounds: ReadonlyMap<'keep' | 'keptBefore', readonly Round[]>;
  /** That were sent something. */
  readonly accounts: number;
  /** Warm-up included. */
  readonly kept: number;
};

type Contender = {
  readonly key: 'keep' | 'keptBefore';
  readonly program: Program;
  readonly work: Work<Callback>;
  readonly answered: Answered;
  readonly rounds: Round[];
};

/**
 * @param base says where, and which earlier build takes its turns where there is one; its accounts are not those that are used.
 * @param started told each child before anything can fail, so that it is ended whatever happens.
 * @throws Error when an event was answered 200 and not kept.
 */
export async function measureKeep(
  base: Setting,
  plan: KeepPlan,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<KeepResult> {
  const setting = { ...base, temp: join(base.temp, 'keep'), accounts: makeAccounts(await deadEndpoints()) };
  mkdirSync(setting.temp);
  const requests = makeCallbacks(setting.accounts, plan.perAccount);
  const contend = async (key: Contender['key']): Promise<Contender> => {
    const answered = new Answered();
    const work: Work<Callback> = {
      requests,
      onAccepted: (callback) => answered.add(callback),
      count: (generator) => generator.accepted,
    };
    const program = await startProgram(key === 'keep' ? 'ours' : 'before', setting, started);
    await warmUp({ key, program, work, answered, rounds: [] }, plan);
    say(`${TITLES[key]}: every circuit is open`);
    return { key, program, work, answered, rounds: [] };
  };
  const ours = await contend('keep');
  const contenders = setting.before === undefined ? [ours] : [ours, await contend('keptBefore')];

  for (let number = 1; number <= plan.rounds; number += 1) {
    for (const contender of number % 2 === 1 ? contenders : contenders.toReversed()) {
      const { round, otherwise } = await runLogged(contender, plan);
      contender.rounds.push({ ...round, failures: new Map([...round.failures, ...otherwise]) });
      say(`round ${number}/${plan.rounds} ${TITLES[contender.key]}: ${Math.round(round.perS)}/s`);
    }
  }
  for (const { key, program } of contenders) if (key === 'keptBefore') await program.child.stop();
  const { answered } = ours;
  await proveKept(ours.program, setting, answered, started);
  const rounds = new Map(contenders.map(({ key, rounds: some }) => [key, some]));
  return { rounds, accounts: answered.last.size, kept: answered.count };
}

/** Nobody listens there. */
export async function deadEndpoints(): Promise<string[]> {
  const ports = new Set<number>();
  while (ports.size < ORIGINS) ports.add(await freePort());
  const origins = [...ports].map((port) => `http://127.0.0.1:${port}`);
  return Array.from({ length: ACCOUNTS }, (_, index) => origins[index % ORIGINS] ?? '');
}

/** Until a round in which no puppet was tried any more. @throws Error */
async function warmUp(contender: Contender, plan: KeepPlan): Promise<void> {
  const { key, answered } = contender;
  const deadlineMs = performance.now() + plan.warmUpLimitMs;
  for (;;) {
    const { round, otherwise } = await runLogged(contender, { ...plan, measureMs: WARM_UP_ROUND_MS });
    const isLate = performance.now() > deadlineMs;
    const wrong = [...round.failures.keys(), ...(isLate ? otherwise.keys() : [])];
    if (wrong.length > 0) throw new Error(`${TITLES[key]}, warm-up: ${wrong.join('; ')}`);
    if (otherwise.size === 0 && (isLate || answered.count >= plan.warmUp)) return;
  }
}

type LoggedRound = {
  readonly round: Round;
  /** What was not kept because of an open circuit. */
  readonly otherwise: ReadonlyMap<string, number>;
};

async function runLogged({ key, program, work }: Contender, plan: KeepPlan): Promise<LoggedRound> {
  const from = program.child.logBytes;
  const round = await runRound(program, work, plan);
  await sleep(LOG_DELAY_MS);
  if (!program.child.alive) throw new Error(`${TITLES[key]} ended:\n${program.child.logTail()}`);
  const otherwise = endingsIn(program.child.logFrom(from));
  otherwise.delete('logged as pending, circuit');
  return { round, otherwise };
}

/** How often callbacks ended in which way. */
function endingsIn(log: string): Map<string, number> {
  const endings = new Map<string, number>();
  for (const line of log.split('\n')) {
    if (!line.includes('"callback.answered"') || !line.startsWith('{') || !line.endsWith('}')) continue;
    const { outcome, stage } = JSON.parse(line);
    const ending = `logged as ${outcome}, ${stage}`;
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  }
  return endings;
}
