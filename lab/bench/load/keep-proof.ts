/**
 * Shows, after the rounds, that what was answered 200 was kept: `/health` counts it, the store still holds the
 * newest event of every account after a `kill -9`, and a new start on it finds all of them.
 */
import type { Account, Callback } from './accounts.js';
import type { Child } from './child.js';
import { type Program, type Setting, startProgram, TITLES } from './programs.js';
import { readSignatures } from './stored-hints.js';

/** The last event of each account that was answered 200, and how many were. */
export class Answered {
  readonly last = new Map<Account, Callback>();
  count = 0;

  add(callback: Callback): void {
    this.last.set(callback.account, callback);
    this.count += 1;
  }
}

/** @throws Error naming the first difference. */
export async function proveKept(
  program: Program,
  setting: Setting,
  { last, count }: Answered,
  started: (child: Child) => void,
): Promise<void> {
  const { outbox, callbacks } = await health(program);
  expect(outbox.waiting === last.size, `of ${last.size} accounts ${outbox.waiting} wait`);
  expect(callbacks.pending === count, `of ${count} events ${callbacks.pending} were counted as pending`);
  await program.child.stopNow();
  const signatures = readSignatures(setting);
  const isNewest = ({ account, query }: { account: { openKfId: string }; query: string }) =>
    new URLSearchParams(query).get('msg_signature') === signatures.get(account.openKfId);
  const lost = [...last.values()].filter((callback) => !isNewest(callback)).length;
  expect(lost === 0, `after kill -9 the newest event of ${lost} accounts is not in the store`);
  const again = await startProgram('ours', { ...setting, accounts: [] }, started);
  const { waiting } = (await health(again)).outbox;
  expect(waiting === last.size, `after kill -9 and a start, of ${last.size} accounts ${waiting} wait`);
  await again.child.stop();
}

type Health = { readonly outbox: { waiting: number }; readonly callbacks: { pending: number } };

async function health({ port }: Program): Promise<Health> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(5_000) });
  const { details } = (await answer.json()) as { details: Health };
  return details;
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`${TITLES.keep}: ${what}`);
}
