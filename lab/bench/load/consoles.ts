/** What callbacks pay for operators who look on: the same callbacks with no console open and with three, in turns. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeCallbacks } from './accounts.js';
import type { Child } from './child.js';
import type { DeliveryPlan } from './delivery.js';
import { OpenConsole } from './open-console.js';
import { type Setting, startProgram } from './programs.js';
import { type Part, ratioTable, table } from './report.js';
import { type Round, runRound } from './round.js';
import type { Sink } from './sink.js';
import { CONSOLES_RATIO_MIN, median, ratioVerdicts } from './verdict.js';

const CONSOLES = 3;

interface WatchedRound {
  readonly round: Round;
  /** To each console. */
  readonly shownPerS: number;
}

/** @throws Error when a console is refused anything, or is shown nothing. */
export async function measureConsoles(
  base: Setting,
  sink: Sink,
  plan: DeliveryPlan,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<Part> {
  const setting = { ...base, temp: join(base.temp, 'consoles') };
  mkdirSync(setting.temp);
  const program = await startProgram('ours', setting, started);
  const work = { requests: makeCallbacks(base.accounts, plan.perAccount), count: () => sink.delivered };
  const measure = (measureMs: number) => runRound(program, work, { ...plan, measureMs });
  await measure(3 * plan.measureMs);

  const unwatched: Round[] = [];
  const watched: WatchedRound[] = [];
  const alone = async () => void unwatched.push(await measure(plan.measureMs));
  const beside = async () =>
    void watched.push(await whileWatched(program.port, () => measure(plan.measureMs)));
  for (let number = 1; number <= plan.rounds; number += 1) {
    // Back and forth: whoever always follows the same one has its advantage or pays for it.
    for (const turn of number % 2 === 1 ? [alone, beside] : [beside, alone]) await turn();
    say(`round ${number}/${plan.rounds} callbacks with no console open, and with ${CONSOLES}`);
  }
  await program.child.stop();
  return toPart(unwatched, watched);
}

async function whileWatched(port: number, measure: () => Promise<Round>): Promise<WatchedRound> {
  const consoles = await Promise.all(Array.from({ length: CONSOLES }, () => OpenConsole.open(port)));
  const startedMs = performance.now();
  try {
    const round = await consoles.reduce((work, opened) => opened.with(work), measure());
    const elapsedS = (performance.now() - startedMs) / 1_000;
    const least = Math.min(...consoles.map(({ shown }) => shown));
    if (least === 0) throw new Error('a console was shown no delivery');
    return { round, shownPerS: least / elapsedS };
  } finally {
    for (const opened of consoles) opened.close();
  }
}

function toPart(unwatched: readonly Round[], watched: readonly WatchedRound[]): Part {
  const beside = watched.map(({ round }) => round);
  const rounds: Part['rounds'] = new Map([
    ['unwatched', unwatched],
    ['watched', beside],
  ]);
  const results = ratioVerdicts(`${CONSOLES} consoles / none`, beside, unwatched, CONSOLES_RATIO_MIN);
  const shownPerS = Math.round(median(watched.map((one) => one.shownPerS)));
  const text = [
    '## Callbacks while operators look on',
    table(rounds, 'delivered/s'),
    ratioTable(results, 'delivered/s'),
    `- Each console was shown ${shownPerS} deliveries per second, and was told how many more there were.`,
  ];
  return { rounds, text: [text.join('\n\n')], results };
}
