import { randomUUID } from 'node:crypto';
import type { Addressee } from '../kernel/account.js';
import { hasShape, isCount, isListOf, isNumber, isText, orAbsent, orNull } from '../kernel/shape.js';
import { readTraceparent } from '../kernel/trace-context.js';
import type { KfEvent, RawCallback } from './kf-event.js';
import {
  isLease,
  type Lease,
  type Line,
  type LineHead,
  type LineState,
  runningLease,
  toLeased,
} from '../storage/queue/line.js';
import { type Failure, isHeldBack } from './failure.js';
import type { LineCount, LineGroup } from '../storage/queue/queue-store.js';
import { FAST_STEPS } from './retry-schedule.js';

/** How many events of an account may wait if its bot gets each of them. */
export const EVENTS_MAX = 20;

/** A hint without its events, which may be large. Times are store time, epoch milliseconds. */
export interface HintHead extends LineHead {
  readonly lastFailure: Failure | null;
  /** The id of the event that goes next. Times and attempts are of that event, too. */
  readonly eventId: string;
  /** `createdAtS` of its event. */
  readonly createdAtS: number | null;
  /** `lagMs` of its event. */
  readonly lagMs: number;
  /** New with each `put` that changes the event that goes next, and never reused. Only its delivery may remove that event. */
  readonly generation: string;
  /** How many events wait: one, or up to `EVENTS_MAX` of a bot that gets each. */
  readonly events: number;
  /** Attempts made to deliver its event. */
  readonly attempts: number;
  /** Its position in the retry schedule. */
  readonly step: number;
}

export interface KeptEvent {
  readonly event: KfEvent;
  /** The key pair that opened `event.raw`: a puppet with another pair cannot read it. `null` without raw. */
  readonly keysId: string | null;
}

/** One event of a hint. */
export interface WaitingEvent extends KeptEvent {
  readonly generation: string;
  readonly arrivedAtMs: number;
  readonly attempts: number;
  /**
   * The lease of the attempt under which it was kept, if its bot gets each event: it is not sent again before that ends.
   * `null` when there is none.
   */
  readonly held: Lease | null;
}

/**
 * The hint of one kf account: its newest event, and when that is tried next. If the account's bot gets each event,
 * the hint has its newest 20 events: the oldest of them goes next, and the others wait behind it.
 */
export type Hint = HintHead &
  WaitingEvent & {
    /** The events behind it, oldest first. */
    readonly later: readonly WaitingEvent[];
  };

/** An event to keep. */
export interface NewHint extends KeptEvent {
  /** Whether its bot gets each event, so that no other one replaces it; left out for false. */
  readonly keepsEach?: boolean | undefined;
  /** Whether this process received the event before that other one; false when it does not know. */
  readonly isFirst: (otherId: string) => boolean;
  readonly arrivedAtMs: number;
  readonly attempts: number;
  /** Its first position in the retry schedule: 1 when an attempt has failed already. */
  readonly step: number;
  /** `null` parks it: no puppet is known, or its bot is paused. */
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

/** Identifies the hint, its generation and its lease when the outcome of an attempt is written: a claimed hint, say. */
export interface HeldHint extends Addressee {
  /** The generation that was attempted. */
  readonly generation: string;
  /** `null` when nobody has leased the hint. */
  readonly lease: Pick<Lease, 'id'> | null;
}

/** Makes the hint due at once for a puppet at `endpoint`, in whatever state it was. A running lease stays. */
export function toWaiting<T extends HintHead>(hint: T, endpoint: string, nowMs: number): T {
  if (hint.state === 'waiting') return { ...hint, endpoint, dueAtMs: Math.min(nowMs, hint.dueAtMs ?? nowMs) };
  return { ...hint, state: 'waiting', endpoint, step: 0, dueAtMs: nowMs };
}

/**
 * For a puppet that registered at `endpoint`: its newest event alone, in whatever state the hint was. A running lease is taken
 * over.
 */
export function toRegistered(hint: Hint, endpoint: string, untilMs: number, nowMs: number): Hint {
  return toLeased(toWaiting(toNewest(hint, nowMs), endpoint, nowMs), untilMs);
}

/** No attempt was made under its lease, which ends. */
export function toReleased(hint: Hint, dueAtMs: number): Hint {
  return hint.state === 'waiting' ? { ...hint, dueAtMs, lease: null } : hint;
}

/** Removes the hint, with all its events, if it is still of this generation. Its state and its lease do not matter. */
export function toDropped(hint: Hint, generation: string): Hint | null {
  return hint.generation === generation ? null : hint;
}

/**
 * The hint that an operator sends again, in whatever state it was. A running lease stays. The bot may have taken its events before, so they get
 * new event ids and no attempts. They also get new generations, so that no running attempt can end one.
 */
export function toReplayed(hint: Hint, endpoint: string, nowMs: number): Hint {
  const again = withEvents(hint, mapEvents(hint, toUntried));
  return { ...again, step: 0, state: 'waiting', endpoint, dueAtMs: nowMs };
}

function toUntried(waiting: WaitingEvent): WaitingEvent {
  const event = { ...waiting.event, id: randomUUID() };
  return { ...waiting, event, generation: randomUUID(), attempts: 0 };
}

/** What two events of an account are compared by. */
export type EventDate = Pick<KfEvent, 'id' | 'createdAtS'>;

/** Whether a puppet that took `taken` no longer needs `other`. */
export function covers(taken: EventDate, other: EventDate): boolean {
  return taken.id === other.id || isCreatedAfter(taken, other);
}

/** False when unknown: `CreateTime` has whole seconds, and a gateway may leave it out. */
function isCreatedAfter(one: EventDate, other: EventDate): boolean {
  return one.createdAtS !== null && other.createdAtS !== null && one.createdAtS > other.createdAtS;
}

/** Which of two events is kept, and under which id. */
interface Joined {
  readonly keeps: 'before' | 'put';
  readonly dated: EventDate;
}

/**
 * Keeps the newer event. When `CreateTime` does not tell which one is newer, it keeps the later arrival under a new id:
 * the puppet may have had that event already, and would drop a repeat, and the other event with it.
 */
export function join(
  before: EventDate,
  put: Pick<NewHint, 'isFirst'> & { readonly event: EventDate },
): Joined {
  const { event } = put;
  if (event.id === before.id || isCreatedAfter(before, event)) return { keeps: 'before', dated: before };
  if (isCreatedAfter(event, before)) return { keeps: 'put', dated: event };
  const createdAtS = event.createdAtS === before.createdAtS ? event.createdAtS : null;
  return { keeps: put.isFirst(before.id) ? 'before' : 'put', dated: { id: randomUUID(), createdAtS } };
}

export function datedOf({ eventId, createdAtS }: HintHead): EventDate {
  return { id: eventId, createdAtS };
}

/** Maps all events of a hint, the one that goes next first. */
function mapEvents(hint: Hint, map: (event: WaitingEvent) => WaitingEvent): Events {
  const { event, keysId, generation, arrivedAtMs, attempts, held } = hint;
  return [map({ event, keysId, generation, arrivedAtMs, attempts, held }), ...hint.later.map(map)];
}

function eventsOf(hint: Hint): Events {
  return mapEvents(hint, (event) => event);
}

type Events = readonly [WaitingEvent, ...WaitingEvent[]];

function isSome(events: readonly WaitingEvent[]): events is Events {
  return events.length > 0;
}

/** The hint with these events, at the same place in the schedule. */
function withEvents(hint: Hint, [first, ...later]: Events): Hint {
  const { id: eventId, createdAtS, lagMs } = first.event;
  return { ...hint, ...first, eventId, createdAtS, lagMs, later, events: 1 + later.length };
}

/** A hint of this event alone. */
function toFirst(put: NewHint): Hint {
  const { event, keysId, keepsEach, lease, arrivedAtMs, attempts, step, dueAtMs, endpoint } = put;
  const { id: eventId, corpId, openKfId, createdAtS, lagMs } = event;
  return {
    corpId,
    openKfId,
    event,
    eventId,
    createdAtS,
    lagMs,
    keysId,
    arrivedAtMs,
    attempts,
    step,
    dueAtMs,
    endpoint,
    generation: randomUUID(),
    events: 1,
    later: [],
    held: keepsEach === true ? lease : null,
    state: dueAtMs === null ? 'parked' : 'waiting',
    waitingSinceMs: arrivedAtMs,
    lastFailure: put.failure,
    probedAtMs: 0,
    lease,
  };
}

/** The hint after a `put`; the same one where that changes nothing. */
export function merge(before: Hint | null, put: NewHint, nowMs: number): Hint {
  if (before === null) return toFirst(put);
  return put.keepsEach === true ? append(before, put, nowMs) : replace(before, put, nowMs);
}

/**
 * `join` decides which event the hint has. The account keeps its position in the retry schedule, but a newer
 * event moves it from the slow part back to the fast one. The generation is always new: a delivery that began
 * before this `put` carried at most one of the two events. If several events waited, for a bot that got each one,
 * only the newest is compared.
 */
function replace(all: Hint, put: NewHint, nowMs: number): Hint {
  const fresh = toFirst(put);
  const before = withEvents(all, [all.later.at(-1) ?? eventsOf(all)[0]]);
  const { keeps, dated } = join(datedOf(before), put);
  const newest = keeps === 'put' ? fresh : before;
  const known = put.known?.generation === all.generation ? put.known : null;
  return {
    ...fresh,
    event: { ...newest.event, ...dated },
    eventId: dated.id,
    createdAtS: dated.createdAtS,
    lagMs: newest.event.lagMs,
    keysId: newest.keysId,
    arrivedAtMs: newest.arrivedAtMs,
    waitingSinceMs: Math.min(Math.max(before.waitingSinceMs, known?.waitingSinceMs ?? 0), put.arrivedAtMs),
    attempts: newest.attempts,
    endpoint: put.endpoint ?? before.endpoint,
    lastFailure: lastFailureOf(before, put),
    probedAtMs: before.probedAtMs,
    lease: leaseAfter(runningLease(before, nowMs), put.lease, known),
    ...placeAfter(before, fresh, newest === fresh, nowMs),
    // The replica that has the bot's connection tries it at once, as it would have tried its callback.
    ...(isElsewhere(put) && newest === fresh && { state: fresh.state, dueAtMs: fresh.dueAtMs }),
  };
}

/** Whether another replica has to try it. */
function isElsewhere({ failure }: NewHint): boolean {
  return failure?.stage === 'elsewhere';
}

/**
 * The event waits behind those that arrived before it. Beyond `EVENTS_MAX` the first one is dropped. The event that
 * goes next stays the same, with its generation and its lease, since a delivery under way carries that event alone.
 * An event that waits already is only held by its new attempt; if the hint is dead, it waits again.
 */
function append(before: Hint, put: NewHint, nowMs: number): Hint {
  const { lease, event, endpoint } = put;
  const added = toFirst(put);
  if (eventsOf(before).some((other) => other.event.id === event.id)) {
    const held = lease === null ? before : holdBy(before, event.id, lease, nowMs);
    return before.state === 'waiting' ? held : { ...held, ...placeAfter(before, added, false, nowMs) };
  }
  const [first] = eventsOf(before);
  const behind = [...before.later, ...eventsOf(added)].sort((a, b) => a.arrivedAtMs - b.arrivedAtMs);
  const isFull = behind.length >= EVENTS_MAX && isSome(behind);
  const after = isFull ? withNext(before, behind, nowMs) : withEvents(before, [first, ...behind]);
  return {
    ...after,
    endpoint: endpoint ?? before.endpoint,
    lastFailure: lastFailureOf(before, put),
    ...placeAfter(before, added, true, nowMs),
  };
}

/**
 * The hint without its first event: these ones take its place in the schedule. The lease of a claim stays
 * until its holder ends it.
 */
function withNext(hint: Hint, events: Events, nowMs: number): Hint {
  const { lease, held } = hint;
  const isClaimed = runningLease(hint, nowMs) !== null && lease?.id !== held?.id;
  return { ...withEvents(hint, events), lease: isClaimed ? lease : heldOf(events[0], nowMs) };
}

function heldOf({ held }: WaitingEvent, nowMs: number): Lease | null {
  return runningLease({ lease: held }, nowMs);
}

function holdBy(hint: Hint, eventId: string, held: Lease, nowMs: number): Hint {
  const hold = (event: WaitingEvent): WaitingEvent =>
    event.event.id === eventId && heldOf(event, nowMs) === null ? { ...event, held } : event;
  if (hint.eventId !== eventId) return withEvents(hint, mapEvents(hint, hold));
  return runningLease(hint, nowMs) === null ? { ...hint, held, lease: held } : hint;
}

/** The hint's place in the schedule once an event is added. @param isNewer whether that event is the newer one. */
function placeAfter(
  { state, step, dueAtMs }: Hint,
  added: Hint,
  isNewer: boolean,
  nowMs: number,
): Pick<Hint, 'state' | 'step' | 'dueAtMs'> {
  if (state !== 'waiting' || dueAtMs === null)
    return { state: added.state, step: added.step, dueAtMs: added.dueAtMs };
  const isBroughtBack = isNewer && step > FAST_STEPS;
  return {
    state,
    step: isBroughtBack ? added.step : step,
    dueAtMs: isBroughtBack ? Math.min(dueAtMs, added.dueAtMs ?? nowMs) : dueAtMs,
  };
}

/**
 * A running lease stays. If only attempts hold it, it lasts at least as long as the lease of the attempt that joins
 * them.
 */
function leaseAfter(running: Lease | null, added: Lease | null, known: KnownHint | null): Lease | null {
  if (running === null || added === null || running.id !== known?.leaseId) return running ?? added;
  return { ...running, untilMs: Math.max(running.untilMs, added.untilMs) };
}

/**
 * An event that was not tried, because of the circuit or since another replica has to, tells less than the failure before it, so
 * that failure stays.
 */
function lastFailureOf(before: Hint, put: NewHint): Failure | null {
  const { failure, endpoint } = put;
  const isUntried =
    (isHeldBack(failure?.stage) || isElsewhere(put)) &&
    endpoint === before.endpoint &&
    before.lastFailure?.stage !== 'resync';
  return isUntried ? (before.lastFailure ?? failure) : (failure ?? before.lastFailure);
}

/** When a hint is tried next. */
export interface NextAttempt {
  /** Where it was tried. */
  readonly endpoint: string | null;
  readonly attempts: number;
  readonly step: number;
  /** `null` parks the hint. */
  readonly dueAtMs: number | null;
  readonly failure: Failure;
  /** Used instead when a newer event was kept during the attempt. */
  readonly newer: { readonly step: number; readonly dueAtMs: number };
}

/**
 * A bot took the event of this generation. A newer generation, or what waits behind that event, stays, unleased and due at once,
 * and waits only since it arrived itself.
 * @returns `null` where nothing else waits.
 */
export function afterTaken(hint: Hint, held: HeldHint, nowMs: number): Hint | null {
  if (hint.generation !== held.generation) {
    const other = afterOther(hint, held, nowMs);
    return other === hint ? hint : { ...other, waitingSinceMs: hint.arrivedAtMs };
  }
  return isSome(hint.later) ? toNext(hint, hint.later, nowMs) : null;
}

/**
 * A bot that gets each event took one of them by an attempt without a claim. That event is removed, wherever it
 * waits. The lease of a claim stays until its holder ends it.
 * @returns `null` where nothing else waits; the same hint where the event does not wait.
 */
export function afterTakenEvent(hint: Hint, eventId: string, nowMs: number): Hint | null {
  const left = eventsOf(hint).filter(({ event }) => event.id !== eventId);
  if (left.length === hint.events) return hint;
  if (!isSome(left)) return null;
  if (hint.eventId !== eventId) return withEvents(hint, left);
  const { lease } = withNext(hint, left, nowMs);
  return { ...toNext(hint, left, nowMs), lease };
}

/**
 * The next event is due at once, or when its own attempt is over. The hint counts as waiting since that event
 * arrived.
 */
function toNext(hint: Hint, events: Events, nowMs: number): Hint {
  const next = withEvents(hint, events);
  const { state, arrivedAtMs: waitingSinceMs } = next;
  const lease = heldOf(events[0], nowMs);
  return { ...next, waitingSinceMs, step: 0, dueAtMs: state === 'waiting' ? nowMs : null, lease };
}

/** For a bot that gets one hint for all: the newest event, due at once. */
export function toNewest(hint: Hint, nowMs: number): Hint {
  const newest = hint.later.at(-1);
  if (newest === undefined) return hint;
  const dueAtMs = hint.state === 'waiting' ? nowMs : null;
  return { ...withEvents(hint, [newest]), dueAtMs, lease: heldOf(newest, nowMs) };
}

/** An attempt has ended whose event no longer goes next: its lease ends. */
function afterOther(hint: Hint, { lease }: HeldHint, nowMs: number): Hint {
  if (lease === null) return hint;
  return { ...hint, dueAtMs: nowMs, lease: heldOf(hint, nowMs) };
}

/**
 * For a bot that gets each event. An event was kept while its attempt was under way; that attempt has failed, so it
 * no longer holds the event.
 * @param dueAtMs the bot wants nothing before this time.
 */
export function afterLateFailure(hint: Hint, leaseId: string, dueAtMs: number): Hint {
  const free = (event: WaitingEvent): WaitingEvent =>
    event.held?.id === leaseId ? { ...event, held: null } : event;
  const isHeld = eventsOf(hint).some(({ held }) => held?.id === leaseId);
  const freed = isHeld ? withEvents(hint, mapEvents(hint, free)) : hint;
  if (hint.lease?.id !== leaseId) return freed;
  return { ...freed, lease: null, dueAtMs: hint.dueAtMs === null ? null : Math.max(hint.dueAtMs, dueAtMs) };
}

/**
 * The event of this generation is given up. It gives way to the events behind it, which have their own 3
 * days; the last one becomes the dead letter of its account. If nothing can be sent to the endpoint at all,
 * the whole hint is dead.
 */
export function afterGivenUp(hint: Hint, held: HeldHint, failure: Failure, nowMs: number): Hint {
  if (hint.generation !== held.generation) return afterOther(hint, held, nowMs);
  if (failure.stage === 'endpoint' || !isSome(hint.later)) return toDead(hint, failure);
  return { ...toNext(hint, hint.later, nowMs), lastFailure: failure };
}

/** An attempt of this generation failed. */
export function afterFailure(hint: Hint, { generation }: HeldHint, next: NextAttempt): Hint {
  const { endpoint, failure: lastFailure, newer, attempts, step, dueAtMs } = next;
  const state: LineState = dueAtMs === null ? 'parked' : 'waiting';
  return {
    ...hint,
    ...(hint.generation === generation ? { attempts, step, dueAtMs, state } : newer),
    endpoint: endpoint ?? hint.endpoint,
    lastFailure,
    lease: hint.generation === generation ? null : hint.held,
  };
}

function toDead(hint: Hint, failure: Failure): Hint {
  return { ...hint, state: 'dead', dueAtMs: null, lastFailure: failure, lease: null };
}

/** What is stored of an event besides its account and the body of its callback. */
interface EventDetails extends Pick<WaitingEvent, 'generation' | 'attempts' | 'keysId'> {
  readonly eventId: string;
  readonly createdAtS: number | null;
  readonly syncToken: string;
  readonly lagMs: number;
  readonly traceparent: string | null;
  /** Of the callback whose body the line has. */
  readonly raw: Omit<RawCallback, 'body'> | null;
  /** Left out where there is none. */
  readonly held?: Lease;
}

/** What is stored of an event that waits behind the first. */
interface LaterDetails extends EventDetails {
  readonly arrivedAtMs: number;
  /** How many bytes of the line's body are its own. */
  readonly bytes: number;
}

/** The details of the line of a hint. */
interface HintDetails extends EventDetails {
  readonly step: number;
  /** Left out where nothing waits behind the first. */
  readonly later?: readonly LaterDetails[];
}

export function toLine(hint: Hint): Line {
  const { corpId, openKfId, state, endpoint, dueAtMs, lease, probedAtMs, later } = hint;
  const { arrivedAtMs, waitingSinceMs, lastFailure, step } = hint;
  const details: HintDetails = {
    ...toDetails(hint),
    step,
    ...(later.length > 0 && { later: later.map(toLaterDetails) }),
  };
  return {
    kind: 'event',
    corpId,
    openKfId,
    state,
    endpoint,
    dueAtMs,
    lease,
    probedAtMs,
    arrivedAtMs,
    waitingSinceMs,
    lastFailure,
    details,
    body: joinBodies(eventsOf(hint).flatMap(({ event }) => event.raw?.body ?? [])),
  };
}

function toDetails({ event, generation, attempts, keysId, held }: WaitingEvent): EventDetails {
  const { id: eventId, createdAtS, syncToken, lagMs, traceparent } = event;
  return {
    eventId,
    createdAtS,
    generation,
    attempts,
    syncToken,
    lagMs,
    traceparent,
    keysId,
    raw: event.raw === null ? null : withoutBody(event.raw),
    ...(held !== null && { held }),
  };
}

function withoutBody({ body: _body, ...raw }: RawCallback): Omit<RawCallback, 'body'> {
  return raw;
}

function toLaterDetails(later: WaitingEvent): LaterDetails {
  const { arrivedAtMs, event } = later;
  return { ...toDetails(later), arrivedAtMs, bytes: event.raw?.body.length ?? 0 };
}

/** @returns `null` for a line that holds no hint. */
export function toHead({ kind: _kind, details, body: _body, ...head }: Line): HintHead | null {
  if (!isDetails(details)) return null;
  const { eventId, createdAtS, lagMs, generation, attempts, step, later = [] } = details;
  const lastFailure = head.lastFailure as Failure | null;
  const ofEvent = { eventId, createdAtS, lagMs, generation, attempts };
  return { ...head, ...ofEvent, lastFailure, step, events: 1 + later.length };
}

/** @returns `null` for a line that holds no hint. */
export function toHint(line: Line): Hint | null {
  const head = toHead(line);
  const { details, body } = line;
  if (head === null || !isDetails(details)) return null;
  const { later: others = [] } = details;
  const bytes = (body?.length ?? 0) - others.reduce((sum, other) => sum + other.bytes, 0);
  const all = [{ ...details, arrivedAtMs: head.arrivedAtMs, bytes }, ...others];
  const bodies = splitBody(body, all);
  if (bodies === null) return null;
  const [first, ...later] = all.map((one, n) => toWaitingEvent(one, head, bodies[n] ?? null));
  return first === undefined ? null : { ...head, ...first, later };
}

function toWaitingEvent(
  details: LaterDetails,
  { corpId, openKfId }: HintHead,
  body: Buffer | null,
): WaitingEvent {
  const { eventId: id, createdAtS, syncToken, lagMs, traceparent, raw } = details;
  const { generation, arrivedAtMs, attempts, keysId, held = null } = details;
  return {
    event: {
      id,
      corpId,
      openKfId,
      syncToken,
      createdAtS,
      lagMs,
      raw: raw === null || body === null ? null : { ...raw, body },
      traceparent: readTraceparent(traceparent),
    },
    keysId,
    generation,
    arrivedAtMs,
    attempts,
    held,
  };
}

/**
 * Joined bodies, by the first of them. A store writes a line's body only if it is another buffer, so the buffer is
 * kept.
 */
const JOINED = new WeakMap<Buffer, { readonly bodies: readonly Buffer[]; readonly joined: Buffer }>();

function joinBodies(bodies: readonly Buffer[]): Buffer | null {
  const [first] = bodies;
  if (first === undefined || bodies.length === 1) return first ?? null;
  const known = JOINED.get(first);
  if (known?.bodies.length === bodies.length && bodies.every((body, n) => body === known.bodies[n]))
    return known.joined;
  const joined = Buffer.concat(bodies);
  JOINED.set(first, { bodies, joined });
  return joined;
}

/**
 * @returns the body of each event, `null` for an event without one; `null` alone where the body does not fit the
 * events.
 */
function splitBody(
  joined: Buffer | null,
  events: readonly Pick<LaterDetails, 'raw' | 'bytes'>[],
): readonly (Buffer | null)[] | null {
  const owners = events.filter(({ raw }) => raw !== null);
  if ((joined === null) !== (owners.length === 0)) return null;
  if (events.some(({ raw, bytes }) => bytes < 0 || (raw === null && bytes > 0))) return null;
  if (joined === null) return events.map(() => null);
  if (owners.length === 1) return events.map(({ raw }) => (raw === null ? null : joined));
  let at = 0;
  const split = events.map(({ raw, bytes }) => (raw === null ? null : joined.subarray(at, (at += bytes))));
  const bodies = split.filter((body) => body !== null);
  const [first] = bodies;
  if (first !== undefined) JOINED.set(first, { bodies, joined });
  return split;
}

const isRaw = hasShape<NonNullable<EventDetails['raw']>>({
  msgSignature: isText,
  timestamp: isText,
  nonce: isText,
});
const EVENT = {
  eventId: isText,
  createdAtS: orNull(isCount),
  generation: isText,
  attempts: isCount,
  syncToken: isText,
  lagMs: isCount,
  // An invalid `traceparent` is left out: no event is lost because of it.
  traceparent: () => true,
  keysId: orNull(isText),
  raw: orNull(isRaw),
  held: orAbsent(isLease),
};
const isDetails = hasShape<HintDetails>({
  ...EVENT,
  step: isCount,
  later: orAbsent(isListOf(hasShape<LaterDetails>({ ...EVENT, arrivedAtMs: isNumber, bytes: isCount }))),
});

export interface HintCounts {
  readonly waiting: number;
  /** Without those that are `paused`. */
  readonly parked: number;
  /** Parked ones whose bot is paused, by their last failure. */
  readonly paused: number;
  readonly dead: number;
  /** Records set aside because they cannot be read. */
  readonly unreadable: number;
  /** Since when the longest waiting hint waits; `null` when none waits. */
  readonly oldestWaitingAtMs: number | null;
  /** The same for parked hints. */
  readonly oldestParkedAtMs: number | null;
}

export function toHintCounts(counts: readonly LineCount[]): HintCounts {
  const isPaused = ({ stage }: LineCount): boolean => stage === ('paused' satisfies Failure['stage']);
  const of = (state: LineCount['state']) => counts.filter((one) => one.state === state);
  const sum = (some: readonly LineCount[]) => some.reduce((lines, one) => lines + one.lines, 0);
  const oldest = (some: readonly LineCount[]) =>
    some.length === 0 ? null : Math.min(...some.map(({ sinceMs }) => sinceMs));
  const parked = of('parked').filter((one) => !isPaused(one));
  return {
    waiting: sum(of('waiting')),
    parked: sum(parked),
    paused: sum(of('parked').filter(isPaused)),
    dead: sum(of('dead')),
    unreadable: sum(of('unreadable')),
    oldestWaitingAtMs: oldest(of('waiting')),
    oldestParkedAtMs: oldest(parked),
  };
}

/** Hints that have the same trouble. */
export interface HintGroup extends LineGroup {
  readonly stage: Failure['stage'] | null;
}
