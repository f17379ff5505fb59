import { randomUUID } from 'node:crypto';
import { accountKey } from '../../registry/puppet.js';
import type { FailureStage } from '../line/attempt.js';
import type { KfEvent } from '../kf-event.js';
import { FAST_STEPS } from '../redelivery/retry-schedule.js';

/**
 * `waiting` for its due time; `parked` until a puppet of its account registers; `dead` when nothing was
 * of any use, until an operator, a registration or a newer event revives it.
 */
export type HintState = 'waiting' | 'parked' | 'dead';
export const HINT_STATES: readonly HintState[] = ['waiting', 'parked', 'dead'];

/** Why no puppet took it. */
export interface Failure {
  /** Store time. */
  readonly atMs: number;
  readonly stage: FailureStage | NotTriedStage;
  /** At most 1 kB. */
  readonly reason: string;
}

/** Where a delivery stands that was not attempted. */
export const NOT_TRIED_STAGES = [
  /** No puppet has registered for the account. */
  'unregistered',
  /** The puppet has deregistered. */
  'offline',
  /** Its endpoint fails; only probes are sent. */
  'circuit',
  /** It is registering, and must get nothing before it has its answer. */
  'registering',
  /** Under way when the answer was due; it may still be taken. */
  'late',
  /** Too many attempts are under way already. */
  'overloaded',
  /** It was of no use for 3 days. */
  'expired',
] as const;
export type NotTriedStage = (typeof NOT_TRIED_STAGES)[number];

/**
 * Why a hint is sent: its time has come; its endpoint is probed with it; its puppet has just registered, which
 * no resync budget holds up.
 */
export const OCCASIONS = ['due', 'probe', 'registration'] as const;
export type Occasion = (typeof OCCASIONS)[number];

/** Why an attempt is made: its callback came in; it is that of a hint; an operator asked for a test. */
export const DELIVERY_OCCASIONS = ['inline', ...OCCASIONS, 'test'] as const;
export type DeliveryOccasion = (typeof DELIVERY_OCCASIONS)[number];

const REASON_LENGTH_MAX = 1_024;

/** An attempt of 5 s and its outcome fit in; what a process had claimed that died is free again after it. */
export const LEASE_MS = 15_000;

/** Who is delivering the hint now, and until when nobody else may. */
export interface Lease {
  readonly id: string;
  /** Store time. */
  readonly untilMs: number;
}

/** @param reason is cut off where it is too long. */
export function toFailure(atMs: number, stage: Failure['stage'], reason: string): Failure {
  return { atMs, stage, reason: reason.slice(0, REASON_LENGTH_MAX) };
}

/** All of a hint but its event, which may be large. Times are the store's, in epoch milliseconds. */
export interface HintHead {
  readonly corpId: string;
  readonly openKfId: string;
  /** Of its event. */
  readonly eventId: string;
  /** Of its event. */
  readonly createdAtS: number | null;
  /** New with each `put` and never used twice: only a delivery of this very generation may remove it. */
  readonly generation: string;
  readonly state: HintState;
  /** When its event came in. */
  readonly arrivedAtMs: number;
  /** Attempts made to deliver its event. */
  readonly attempts: number;
  /** Its place in the retry schedule. */
  readonly step: number;
  /** `null` unless it waits. */
  readonly dueAtMs: number | null;
  /** Where it was last tried or is to be, as `Endpoint.href` has it; `null` while no puppet was ever known. */
  readonly endpoint: string | null;
  readonly lastFailure: Failure | null;
  readonly lease: Lease | null;
}

export interface KeptEvent {
  readonly event: KfEvent;
  /** Tells which key pair opened `event.raw`: a puppet with another one cannot read it. `null` without raw. */
  readonly keysId: string | null;
}

/** What waits for one kf account: its newest event, and when it is tried next. */
export type Hint = HintHead & KeptEvent;

/** An event that is to be kept. */
export interface NewHint extends KeptEvent {
  /** Whether its event came to this process before that one did; false where that is not known. */
  readonly isFirst: (otherId: string) => boolean;
  readonly arrivedAtMs: number;
  readonly attempts: number;
  /** Where it begins in the retry schedule: 1 when a first attempt has failed. */
  readonly step: number;
  /** `null`: there is no puppet, so it is parked. */
  readonly dueAtMs: number | null;
  readonly endpoint: string | null;
  readonly failure: Failure | null;
  /** The lease of an attempt that is still under way; `null` when there is none. */
  readonly lease: Lease | null;
}

/** One per kf account. By corp too, so that no corp can touch what waits for an account of another. */
export function hintKey(hint: Pick<HintHead, 'corpId' | 'openKfId'>): string {
  return accountKey(hint);
}

/** When it may be claimed; `null` for never. */
export function claimableAtMs({ state, dueAtMs, lease }: HintHead): number | null {
  if (state !== 'waiting' || dueAtMs === null) return null;
  return lease === null ? dueAtMs : Math.max(dueAtMs, lease.untilMs);
}

export function runningLease({ lease }: Pick<HintHead, 'lease'>, nowMs: number): Lease | null {
  return lease !== null && lease.untilMs > nowMs ? lease : null;
}

/** Due at once for a puppet at `endpoint`, whatever its state was. */
export function toWaiting<T extends HintHead>(hint: T, endpoint: string, nowMs: number): T {
  if (hint.state === 'waiting') return { ...hint, endpoint, dueAtMs: Math.min(nowMs, hint.dueAtMs ?? nowMs) };
  return { ...hint, state: 'waiting', endpoint, step: 0, dueAtMs: nowMs };
}

/**
 * What an operator sends again, whatever its state was: a new event to its puppet, which may have taken the one
 * before, and so without attempts. It is of a new generation, which no attempt that is under way can end.
 */
export function toReplayed(hint: Hint, endpoint: string, nowMs: number): Hint {
  const event = { ...hint.event, id: randomUUID() };
  const again = { ...hint, event, eventId: event.id, generation: randomUUID(), attempts: 0, step: 0 };
  return { ...again, state: 'waiting', endpoint, dueAtMs: nowMs };
}

/** WeCom takes the event's sync token no more; the puppet pulls without. Another event, so another id, and of no trace. */
export function toResync({ corpId, openKfId }: Pick<KfEvent, 'corpId' | 'openKfId'>): KfEvent {
  return {
    id: randomUUID(),
    corpId,
    openKfId,
    syncToken: '',
    createdAtS: null,
    lagMs: 0,
    raw: null,
    traceparent: null,
  };
}

/** What tells how old an event is beside another of its account. */
export type Dated = Pick<KfEvent, 'id' | 'createdAtS'>;

/** Whether the puppet that took `taken` needs `other` no more. */
export function covers(taken: Dated, other: Dated): boolean {
  return taken.id === other.id || isCreatedAfter(taken, other);
}

/** False where it is not known: whole seconds, and an event of a gateway may have none. */
function isCreatedAfter(one: Dated, other: Dated): boolean {
  return one.createdAtS !== null && other.createdAtS !== null && one.createdAtS > other.createdAtS;
}

/** Which of two events is kept for both, and under which id. */
interface Joined {
  readonly keeps: 'before' | 'put';
  /** Of what is kept. */
  readonly dated: Dated;
}

/**
 * The newer of both is kept. Where `CreateTime` does not tell which that is, it is the one that came in later, under a
 * new id: it may be an event that its puppet has had, which would drop it as a repeat, and the other one with it.
 */
export function join(before: Dated, put: Pick<NewHint, 'isFirst'> & { readonly event: Dated }): Joined {
  const { event } = put;
  if (event.id === before.id || isCreatedAfter(before, event)) return { keeps: 'before', dated: before };
  if (isCreatedAfter(event, before)) return { keeps: 'put', dated: event };
  const createdAtS = event.createdAtS === before.createdAtS ? event.createdAtS : null;
  return { keeps: put.isFirst(before.id) ? 'before' : 'put', dated: { id: randomUUID(), createdAtS } };
}

/** Of the event of a hint. */
export function datedOf({ eventId, createdAtS }: HintHead): Dated {
  return { id: eventId, createdAtS };
}

/**
 * What is kept after a `put`: see `join`. What came in newer keeps its account's place in the schedule and brings it
 * back from the slow part to the fast one. The generation is new in any case: a delivery that began before this put
 * carried one event of the two at most.
 */
export function merge(before: Hint | null, put: NewHint, nowMs: number): Hint {
  const { corpId, openKfId } = put.event;
  const fresh: Hint = {
    corpId,
    openKfId,
    event: put.event,
    eventId: put.event.id,
    createdAtS: put.event.createdAtS,
    keysId: put.keysId,
    generation: randomUUID(),
    state: put.dueAtMs === null ? 'parked' : 'waiting',
    arrivedAtMs: put.arrivedAtMs,
    attempts: put.attempts,
    step: put.step,
    dueAtMs: put.dueAtMs,
    endpoint: put.endpoint,
    lastFailure: put.failure,
    lease: put.lease,
  };
  if (before === null) return fresh;
  const { keeps, dated } = join(datedOf(before), put);
  const newest = keeps === 'put' ? fresh : before;
  const lease = runningLease(before, nowMs) ?? put.lease;
  const merged = {
    ...fresh,
    event: { ...newest.event, ...dated },
    eventId: dated.id,
    createdAtS: dated.createdAtS,
    keysId: newest.keysId,
    arrivedAtMs: newest.arrivedAtMs,
    attempts: newest.attempts,
    endpoint: put.endpoint ?? before.endpoint,
    lastFailure: put.failure ?? before.lastFailure,
    lease,
  };
  if (before.state !== 'waiting' || before.dueAtMs === null) return merged;
  const isSlow = before.step > FAST_STEPS;
  const isBroughtBack = isSlow && newest === fresh;
  return {
    ...merged,
    state: 'waiting',
    step: isBroughtBack ? put.step : before.step,
    dueAtMs: isBroughtBack ? Math.min(before.dueAtMs, put.dueAtMs ?? nowMs) : before.dueAtMs,
  };
}
