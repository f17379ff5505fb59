/** What may become of a hint, as its users write it: steps of `src/queue/event.ts` on an event queue. */
import {
  afterFailure,
  afterGivenUp,
  afterLateFailure,
  afterTaken,
  afterTakenEvent,
  type HeldHint,
  type Hint,
  type HintHead,
  type NewHint,
  type NextAttempt,
  toDropped,
  toNewest,
  toRegistered,
  toReleased,
  toReplayed,
  toWaiting,
} from '../../src/queue/event.js';
import type { ClaimedHint, EventQueue, KeptHint } from '../../src/queue/event-queue.js';
import type { Failure } from '../../src/queue/failure.js';
import { accountKey, type Addressee } from '../../src/kernel/account.js';
import { LINE_STATES, lineKey } from '../../src/storage/queue/line.js';

export const putOne = (queue: EventQueue, hint: NewHint, nowMs: number): Promise<KeptHint> =>
  queue.put([hint], nowMs);

export async function settle(queue: EventQueue, held: HeldHint, nowMs: number): Promise<void> {
  await queue.changeHeld(held, nowMs, (hint) => afterTaken(hint, held, nowMs));
}

export async function reschedule(
  queue: EventQueue,
  held: HeldHint,
  next: NextAttempt,
  nowMs: number,
): Promise<void> {
  await queue.changeHeld(held, nowMs, (hint) => afterFailure(hint, held, next));
}

export async function release(
  queue: EventQueue,
  held: HeldHint,
  dueAtMs: number,
  nowMs: number,
): Promise<void> {
  await queue.changeHeld(held, nowMs, (hint) => toReleased(hint, dueAtMs));
}

/** @returns whether this call gave the event up. */
export async function bury(
  queue: EventQueue,
  held: HeldHint,
  failure: Failure,
  nowMs: number,
): Promise<boolean> {
  const stepped = await queue.changeHeld(held, nowMs, (hint) => afterGivenUp(hint, held, failure, nowMs));
  return stepped?.before?.generation === held.generation;
}

export async function keepNewest(queue: EventQueue, held: HeldHint, nowMs: number): Promise<void> {
  await queue.changeHeld(held, nowMs, (hint) => toNewest(hint, nowMs));
}

export async function settleEvent(
  queue: EventQueue,
  account: Addressee,
  eventId: string,
  nowMs: number,
): Promise<void> {
  await queue.change(account, (hint) => afterTakenEvent(hint, eventId, nowMs));
}

export async function freeEvent(
  queue: EventQueue,
  account: Addressee,
  leaseId: string,
  dueAtMs: number,
): Promise<void> {
  await queue.change(account, (hint) => afterLateFailure(hint, leaseId, dueAtMs));
}

export async function claimOf(
  queue: EventQueue,
  account: Addressee,
  endpoint: string,
  nowMs: number,
  leaseMs: number,
): Promise<ClaimedHint | null> {
  const step = (hint: Hint): Hint => toRegistered(hint, endpoint, nowMs + leaseMs, nowMs);
  const { before, after } = await queue.change(account, step);
  const lease = after?.lease ?? null;
  return after === null || lease === null ? null : { ...after, lease, isTakenOver: before?.lease !== null };
}

export async function wake(
  queue: EventQueue,
  account: Addressee,
  endpoint: string,
  nowMs: number,
): Promise<void> {
  await queue.change(account, (hint) => toWaiting(hint, endpoint, nowMs));
}

/** @returns the hint as it was before; `null` when the account has none. */
export async function replay(
  queue: EventQueue,
  account: Addressee,
  endpoint: string,
  nowMs: number,
): Promise<Hint | null> {
  return (await queue.change(account, (hint) => toReplayed(hint, endpoint, nowMs))).before;
}

/** @returns whether none is left. */
export async function drop(queue: EventQueue, account: Addressee, generation: string): Promise<boolean> {
  return (await queue.change(account, (hint) => toDropped(hint, generation))).after === null;
}

/** The hints of these accounts, by their keys. */
export async function findHeads(
  queue: EventQueue,
  accounts: readonly Addressee[],
): Promise<ReadonlyMap<string, HintHead>> {
  const lineKeys = accounts.map((account) => lineKey('event', account));
  const filter = { states: LINE_STATES, corpId: null, keys: lineKeys };
  const { hints } = await queue.list(filter, null, accounts.length);
  return new Map(hints.map((head) => [accountKey(head), head]));
}
