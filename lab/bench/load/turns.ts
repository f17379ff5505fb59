/** Programs that take turns, so that whatever else the machine does meets all of them alike. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prepared } from './generator.js';
import { type MeasuredKey, type Program, TITLES, type TurnKey } from './programs.js';
import { type Round, runRound, type Work } from './round.js';

const WARM_UP_ROUND_MS = 500;

/** A program, under the name that its rounds get in the report. */
export type Contender = { readonly key: TurnKey; readonly program: Program };

export type TurnPlan = {
  readonly rounds: number;
  readonly measureMs: number;
  readonly connections: number;
  /** Requests and not time, since it is by them that code gets compiled. */
  readonly warmUp: Readonly<Record<TurnKey, number>>;
  readonly warmUpLimitMs: number;
};

/** @throws Error when a program ended. */
export async function runInTurns<T extends Prepared>(
  contenders: readonly Contender[],
  work: Work<T>,
  plan: TurnPlan,
  say: (line: string) => void,
): Promise<Map<MeasuredKey, Round[]>> {
  const rounds = new Map<MeasuredKey, Round[]>(contenders.map(({ key }) => [key, []]));
  for (const contender of contenders) {
    await warmUp(contender, work, plan);
    say(`${TITLES[contender.key]}: warm`);
  }
  for (let number = 1; number <= plan.rounds; number += 1) {
    // Back and forth: whoever always follows the same one has its advantage or pays for it.
    for (const { key, program } of number % 2 === 1 ? contenders : contenders.toReversed()) {
      const round = await runRound(program, work, plan);
      if (!program.child.alive) throw new Error(`${TITLES[key]} ended:\n${program.child.logTail()}`);
      rounds.get(key)?.push(round);
      say(`round ${number}/${plan.rounds} ${TITLES[key]}: ${Math.round(round.perS)}/s`);
      await sleep(100);
    }
  }
  return rounds;
}

async function warmUp<T extends Prepared>({ key, program }: Contender, work: Work<T>, plan: TurnPlan) {
  const deadlineMs = performance.now() + plan.warmUpLimitMs;
  for (let accepted = 0; accepted < plan.warmUp[key] && performance.now() < deadlineMs;) {
    accepted += (await runRound(program, work, { ...plan, measureMs: WARM_UP_ROUND_MS })).accepted;
  }
}
