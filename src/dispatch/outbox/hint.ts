import { randomUUID } from 'node:crypto';
import { accountKey } from '../../registry/puppet.js';
import type { FailureStage } from '../line/attempt.js';
import type { KfEvent } from '../kf-event.js';
import { FAST_STEPS } from '../redelivery/retry-schedule.js';

/**
 * `waiting` for its due time; `parked` until a puppet of its account registers; `dead` once given up, until an
 * operator, a registration or a newer event revives it.
 */
export type HintState = 'waiting' | 'parked' | 'dead';
export const HINT_STATES: readonly HintState[] = ['waiting', 'parked', 'dead'];

/** Why no bot took the event. */
export interface Failure {
  /** Store time. */
  readonly atMs: number;
  readonly stage: FailureStage | NotTriedStage;
  /** At most 1 kB. */
  readonly reason: string;
  /** With the stage `status`, the one that came; an earlier version did not keep it. */
  readonly status?: number;
}

/** Why an event was not attempted, or its attempt did not end in time. */
export const NOT_TRIED_STAGES = [
  /** No puppet has registered for the account. */
  'unregistered',
  /** The puppet has deregistered. */
  'offline',
  /** The circuit of its endpoint is open; only probes are sent. */
  'circuit',
  /** The puppet is registering, and must get nothing before it has its answer. */
  'registering',
  /** The attempt was still running when the answer was due; the puppet may still take the event. */
  'late',
  /** Too many attempts are under way already. */
  'overloaded',
  /** Its sync token is over, and the corp has had the pulls without one that a minute allows: see `resyncsOf`. */
  'resync',
  /** No puppet took it for 3 days. */
  'expired',
  /** Of a message: it is longer than what is kept, so there is nothing to send. */
  'oversized',
] as const;
export type NotTriedStage = (typeof NOT_TRIED_STAGES)[number];

/**
 * Why a hint is sent: it is due; it probes its endpoint; its puppet has just registered. The resync budget does not
 * apply to a registration.
 */
export const OCCASIONS = ['due', 'probe', 'registration'] as const;
export type Occasion = (typeof OCCASIONS)[number];

/** Why an attempt is made: a callback came in; a hint is sent; a message is; an operator asked for a test. */
export const DELIVERY_OCCASIONS = ['inline', ...OCCASIONS, 'message', 'test'] as const;
export type DeliveryOccasion = (typeof DELIVERY_OCCASIONS)[number];

const REASON_LENGTH_MAX = 1_024;

/** Long enough for an attempt of 5 s and for storing its outcome. After it, the hints of a dead process are free again. */
export const LEASE_MS = 15_000;

/** Gives one holder the right to deliver the hint until `untilMs`. */
export interface Lease {
  readonly id: string;
  /** Store time. */
  readonly untilMs: number;
}

/** @param reason is cut to `REASON_LENGTH_MAX`. */
export function toFailure(
  atMs: number,
  stage: Failure['stage'],
  reason: string,
  status?: number | undefined,
): Failure {
  return {
    atMs,
    stage,
    reason: reason.slice(0, REASON_LENGTH_MAX),
    ...(status !== undefined && { status }),
  };
}

/** A hint without its event, which may be large. Times are store time, epoch milliseconds. */
export interface HintHead {
  readonly corpId: string;
  readonly openKfId: string;
  readonly eventId: string;
  /** `createdAtS` of its event. */
  readonly createdAtS: number | null;
  /** New with each `put` and never reused. Only a delivery of this generation may remove the hint. */
  readonly generation: string;
  readonly state: HintState;
  /** When its event arrived. */
  readonly arrivedAtMs: number;
  /** When the first event arrived that no bot has taken since. Newer events do not change it. */
  readonly waitingSinceMs: number;
  /** Attempts made to deliver its event. */
  readonly attempts: number;
  /** Its position in the retry schedule. */
  readonly step: number;
  /** `null` unless the state is `waiting`. */
  readonly dueAtMs: number | null;
  /** Where it was last tried or will be tried, as in `Endpoint.href`; `null` when no puppet ever registered. */
  readonly endpoint: string | null;
  readonly lastFailure: Failure | null;
  /** When it last probed its endpoint; 0 for never. */
  readonly probedAtMs: number;
  readonly lease: Lease | null;
}

export interface KeptEvent {
  readonly event: KfEvent;
  /** The key pair that opened `event.raw`: a puppet with another pair cannot read it. `null` without raw. */
  readonly keysId: string | null;
}

/** The hint of one kf account: its newest event, and when that is tried next. */
export type Hint = HintHead & KeptEvent;

/** An event to keep. */
export interface NewHint extends KeptEvent {
  /** Whether this process received the event before that other one; false when it does not know. */
  readonly isFirst: (otherId: string) => boolean;
  readonly arrivedAtMs: number;
  readonly attempts: number;
  /** Its first position in the retry schedule: 1 when an attempt has failed already. */
  readonly step: number;
  /** `null` parks it: no puppet is known. */
  readonly dueAtMs: number | null;
  readonly endpoint: string | null;
  readonly failure: Failure | null;
  /** The lease of an attempt that is still running; `null` when there is none. */
  readonly lease: Lease | null;
  /** What this process knows of the hint that it is merged with; left out for nothing. */
  readonly known?: KnownHint | undefined;
}

/** What a process knows of a hint that it kept itself, as long as the hint has this generation. */
export interface KnownHint {
  readonly generation: string;
  /** When the first of its events arrived that no bot has taken yet. */
  readonly waitingSinceMs: number;
  /** Its lease, if attempts that are under way are all that keeps it; else `null`. */
  readonly leaseId: string | null;
}

/** One key per corp and kf account, so that no corp can touch the hint of another corp's account. */
export function hintKey(hint: Pick<HintHead, 'corpId' | 'openKfId'>): string {
  return accountKey(hint);
}

/** When the hint may be claimed; `null` means never. */
export function claimableAtMs({ state, dueAtMs, lease }: HintHead): number | null {
  if (state !== 'waiting' || dueAtMs === null) return null;
  return lease === null ? dueAtMs : Math.max(dueAtMs, lease.untilMs);
}

export function runningLease({ lease }: Pick<HintHead, 'lease'>, nowMs: number): Lease | null {
  return lease !== null && lease.untilMs > nowMs ? lease : null;
}

/** Makes the hint due at once for a puppet at `endpoint`, in whatever state it was. */
export function toWaiting<T extends HintHead>(hint: T, endpoint: string, nowMs: number): T {
  if (hint.state === 'waiting') return { ...hint, endpoint, dueAtMs: Math.min(nowMs, hint.dueAtMs ?? nowMs) };
  return { ...hint, state: 'waiting', endpoint, step: 0, dueAtMs: nowMs };
}

/**
 * The hint that an operator sends again, in whatever state it was. The puppet may have taken the event before, so it gets
 * a new event id and no attempts. It also gets a new generation, so that no running attempt can end it.
 */
export function toReplayed(hint: Hint, endpoint: string, nowMs: number): Hint {
  const event = { ...hint.event, id: randomUUID() };
  const again = { ...hint, event, eventId: event.id, generation: randomUUID(), attempts: 0, step: 0 };
  return { ...again, state: 'waiting', endpoint, dueAtMs: nowMs };
}

/** An event without a sync token, for when the old token has expired. It is a new event: a new id, and no trace. */
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

/** What two events of an account are compared by. */
export type Dated = Pick<KfEvent, 'id' | 'createdAtS'>;

/** Whether a puppet that took `taken` no longer needs `other`. */
export function covers(taken: Dated, other: Dated): boolean {
  return taken.id === other.id || isCreatedAfter(taken, other);
}

/** False when unknown: `CreateTime` has whole seconds, and a gateway may leave it out. */
function isCreatedAfter(one: Dated, other: Dated): boolean {
  return one.createdAtS !== null && other.createdAtS !== null && one.createdAtS > other.createdAtS;
}

/** Which of two events is kept, and under which id. */
interface Joined {
  readonly keeps: 'before' | 'put';
  readonly dated: Dated;
}

/**
 * Keeps the newer event. When `CreateTime` does not tell which one is newer, it keeps the later arrival under a new id:
 * the puppet may have had that event already, and would drop a repeat, and the other event with it.
 */
export function join(before: Dated, put: Pick<NewHint, 'isFirst'> & { readonly event: Dated }): Joined {
  const { event } = put;
  if (event.id === before.id || isCreatedAfter(before, event)) return { keeps: 'before', dated: before };
  if (isCreatedAfter(event, before)) return { keeps: 'put', dated: event };
  const createdAtS = event.createdAtS === before.createdAtS ? event.createdAtS : null;
  return { keeps: put.isFirst(before.id) ? 'before' : 'put', dated: { id: randomUUID(), createdAtS } };
}

export function datedOf({ eventId, createdAtS }: HintHead): Dated {
  return { id: eventId, createdAtS };
}

/**
 * The hint after a `put`; `join` decides which event it has. The account keeps its position in the retry schedule, but a
 * newer event moves it from the slow part back to the fast one. The generation is always new: a delivery that began
 * before this `put` carried at most one of the two events.
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
    waitingSinceMs: put.arrivedAtMs,
    attempts: put.attempts,
    step: put.step,
    dueAtMs: put.dueAtMs,
    endpoint: put.endpoint,
    lastFailure: put.failure,
    probedAtMs: 0,
    lease: put.lease,
  };
  if (before === null) return fresh;
  const { keeps, dated } = join(datedOf(before), put);
  const newest = keeps === 'put' ? fresh : before;
  const known = put.known?.generation === before.generation ? put.known : null;
  const merged = {
    ...fresh,
    event: { ...newest.event, ...dated },
    eventId: dated.id,
    createdAtS: dated.createdAtS,
    keysId: newest.keysId,
    arrivedAtMs: newest.arrivedAtMs,
    waitingSinceMs: Math.min(Math.max(before.waitingSinceMs, known?.waitingSinceMs ?? 0), put.arrivedAtMs),
    attempts: newest.attempts,
    endpoint: put.endpoint ?? before.endpoint,
    lastFailure: lastFailureOf(before, put),
    probedAtMs: before.probedAtMs,
    lease: leaseAfter(runningLease(before, nowMs), put.lease, known),
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

/** A running lease stays. If it is for attempts alone, it lasts as long as the one of the attempt that joins them. */
function leaseAfter(running: Lease | null, added: Lease | null, known: KnownHint | null): Lease | null {
  if (running === null || added === null || running.id !== known?.leaseId) return running ?? added;
  return { ...running, untilMs: Math.max(running.untilMs, added.untilMs) };
}

/** That an event was not tried since its endpoint fails says less than how that failed, if it says how. */
function lastFailureOf(before: Hint, { failure, endpoint }: NewHint): Failure | null {
  const isUntried =
    failure?.stage === 'circuit' && endpoint === before.endpoint && before.lastFailure?.stage !== 'resync';
  return isUntried ? (before.lastFailure ?? failure) : (failure ?? before.lastFailure);
}
