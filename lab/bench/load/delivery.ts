/** Callbacks delivered per second: ours beside the hand-written program and the naive stack. */
import { makeCallbacks } from './accounts.js';
import type { Child } from './child.js';
import { type Program, type Setting, type StartedKey, startProgram, TITLES } from './programs.js';
import { prove } from './proof.js';
import { type Part, ratioTable, table } from './report.js';
import type { Sink } from './sink.js';
import { runInTurns, type TurnPlan } from './turns.js';
import { deliveryVerdicts } from './verdict.js';

export type DeliveryPlan = TurnPlan & { readonly perAccount: number };

/** @throws Error when a program does not do the work that is measured. */
export async function measureDelivery(
  keys: readonly StartedKey[],
  setting: Setting,
  sink: Sink,
  plan: DeliveryPlan,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<Part> {
  const { accounts } = setting;
  const programs: Program[] = [];
  for (const key of keys) {
    if (key === 'b' && !setting.mongoUri) continue;
    programs.push(await startProgram(key, setting, started));
    say(`${TITLES[key]}: ready`);
  }
  for (const program of programs) await prove(program, accounts, sink);
  say(
    `each delivers byte for byte and refuses a forged callback; ${plan.connections} connections, ${accounts.length} accounts`,
  );
  const work = { requests: makeCallbacks(accounts, plan.perAccount), count: () => sink.delivered };
  const contenders = programs.map((program) => ({ key: program.key, program }));
  const rounds = await runInTurns(contenders, work, plan, say);
  for (const { child } of programs) await child.stop();

  const results = deliveryVerdicts(rounds);
  const verdicts = results.length > 0 ? [ratioTable(results, 'delivered/s')] : [];
  return { rounds, text: [table(rounds, 'delivered/s'), ...verdicts], results };
}
