/**
 * A line: an account with what waits for it at one endpoint. All that may happen to a line are functions from one line to the
 * next. A store makes one step durable if the line is still as it was read. Times are store time, epoch milliseconds.
 */
import { randomUUID } from 'node:crypto';
import { hasShape, isCount, isNumber, isText, orAbsent, orNull } from '../../kernel/shape.js';
import { type Addressee, accountKey } from '../../kernel/account.js';

/** An account has at most one line of each kind: its event may wait to be pulled while its messages wait for the bot. */
export type LineKind = 'event' | 'messages';

/**
 * `waiting` for its due time; `parked` until somebody takes the account, or its bot is paused no more; `dead` once given up, until an operator, a registration
 * or a newer event revives it.
 */
export type LineState = 'waiting' | 'parked' | 'dead';
export const LINE_STATES: readonly LineState[] = ['waiting', 'parked', 'dead'];

/** Gives one holder the right to deliver what waits until `untilMs`. */
export interface Lease {
  readonly id: string;
  readonly untilMs: number;
}

/** Long enough for an attempt of 5 s and for storing its outcome. After it, what a dead process has leased is free again. */
export const LEASE_MS = 15_000;

/** Why no bot took it. */
export interface Failure {
  readonly atMs: number;
  readonly stage: FailureStage | NotTriedStage;
  /** At most 1 kB. */
  readonly reason: string;
  /** The HTTP status that came, with the stage `status`. */
  readonly status?: number;
}

const REASON_LENGTH_MAX = 1_024;

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

/** Where a delivery failed, in the order in which a delivery passes them. */
export const FAILURE_STAGES = [
  /** The registered endpoint cannot be used at all. */
  'endpoint',
  /** Too many deliveries of this origin are under way already. */
  'saturated',
  /** Given up before it had a socket; the puppet saw nothing. */
  'withdrawn',
  /** No connection; the puppet saw nothing. */
  'connect',
  /** The connection broke before a status came; the puppet may have seen it. */
  'reset',
  /** Nothing came in time; the puppet may have seen it. */
  'timeout',
  /** A status came that is not 2xx, redirects included. */
  'status',
  /** A callback bot answered well and has not pulled its message in time. */
  'unpulled',
  /** WeCom did not give the messages of the account, whose bot takes messages. */
  'pull',
  /** The client of the bot does not read messages of this length: it is not tried again. */
  'too_long',
  /** The service of an agent refuses the key. */
  'key',
  /** The account of an agent at its service has nothing left. */
  'quota',
  /** The service of an agent takes no more questions now. */
  'busy',
  /** An agent has answered, and WeCom could not be asked to send that. */
  'reply',
] as const;
export type FailureStage = (typeof FAILURE_STAGES)[number];

/** Why something was not attempted, or its attempt did not end in time. */
export const NOT_TRIED_STAGES = [
  /** No puppet has registered for the account. */
  'unregistered',
  /** The puppet has deregistered. */
  'offline',
  /** An operator has paused its bot. */
  'paused',
  /** The circuit of its endpoint is open; only probes are sent. */
  'circuit',
  /** The puppet is registering, and must get nothing before it has its answer. */
  'registering',
  /** The attempt was still running when the answer was due; the puppet may still take the event. */
  'late',
  /** Too many attempts are under way already. */
  'overloaded',
  /** Its sync token has expired, and the corp has used up the pulls without a token of this minute: see `resyncsOf`. */
  'resync',
  /** No puppet took it for 3 days. */
  'expired',
  /** Of a message: it is longer than what is kept, so there is nothing to send. */
  'oversized',
] as const;
export type NotTriedStage = (typeof NOT_TRIED_STAGES)[number];

/** The answer of a bot that did not take an event. */
export interface Answered {
  readonly status: number;
  readonly atMs: number;
}

/** The later one. */
export function laterAnswer(one: Answered | null, other: Answered | null): Answered | null {
  if (one === null || other === null) return one ?? other;
  return other.atMs > one.atMs ? other : one;
}

/** What every line has. */
export interface LineHead extends Addressee {
  readonly state: LineState;
  /** Where it was last tried or will be tried, as in `Endpoint.href`; `null` while nobody takes the account. */
  readonly endpoint: string | null;
  /** `null` unless it is `waiting`. */
  readonly dueAtMs: number | null;
  readonly lease: Lease | null;
  /** When it last probed its endpoint; 0 for never. */
  readonly probedAtMs: number;
  /** When the newest waiting event or message arrived. For a bot that gets every event: when the next one to be sent arrived. */
  readonly arrivedAtMs: number;
  /** When the first event or message arrived that nobody has taken, also if a newer event has replaced it. */
  readonly waitingSinceMs: number;
  readonly lastFailure: Failure | null;
}

/** A line as stores keep it. Stores know nothing of the details of a kind. */
export interface Line extends LineHead {
  readonly kind: LineKind;
  /** The fields that only this kind has: plain JSON. */
  readonly details: object;
  /** The callback as it came; also `null` where the line was read without it. */
  readonly body: Buffer | null;
}

/**
 * Why a waiting event or message is sent: it is due; it probes its endpoint; its puppet has just registered. The resync budget
 * does not apply to a registration.
 */
export const OCCASIONS = ['due', 'probe', 'registration'] as const;
export type Occasion = (typeof OCCASIONS)[number];

/** Why an attempt is made: a callback came in; a waiting event is sent; a message is sent; an operator asked for a test. */
export const DELIVERY_OCCASIONS = ['inline', ...OCCASIONS, 'message', 'test'] as const;
export type DeliveryOccasion = (typeof DELIVERY_OCCASIONS)[number];

export function lineKey(kind: LineKind, account: Addressee): string {
  return `${kind} ${accountKey(account)}`;
}

/** When it may be claimed; `null` means never. */
export function claimableAtMs({ state, dueAtMs, lease }: LineHead): number | null {
  if (state !== 'waiting' || dueAtMs === null) return null;
  return lease === null ? dueAtMs : Math.max(dueAtMs, lease.untilMs);
}

export function runningLease({ lease }: Pick<LineHead, 'lease'>, nowMs: number): Lease | null {
  return lease !== null && lease.untilMs > nowMs ? lease : null;
}

/** Whether this lease runs. */
export function isHeldBy(line: Pick<LineHead, 'lease'>, leaseId: string, nowMs: number): boolean {
  return runningLease(line, nowMs)?.id === leaseId;
}

/** Leased by a new holder. */
export function toLeased<T extends LineHead>(line: T, untilMs: number): T & { readonly lease: Lease } {
  return { ...line, lease: { id: randomUUID(), untilMs } };
}

export const isFailure = hasShape<Failure>({
  atMs: isNumber,
  stage: isText,
  reason: isText,
  status: orAbsent(isCount),
});
export const isLease = hasShape<Lease>({ id: isText, untilMs: isNumber });
const isWhole = hasShape<Line>({
  kind: isText,
  corpId: isText,
  openKfId: isText,
  state: (value) => LINE_STATES.some((state) => state === value),
  endpoint: orNull(isText),
  dueAtMs: orNull(isNumber),
  lease: orNull(isLease),
  probedAtMs: isNumber,
  arrivedAtMs: isNumber,
  waitingSinceMs: isNumber,
  lastFailure: orNull(isFailure),
  details: (value) => typeof value === 'object' && value !== null,
  body: orNull(Buffer.isBuffer),
});

/** Whether a stored value is a line, and not something that another program has left. */
export function isLine(key: string, value: unknown): value is Line {
  return isWhole(value) && key === lineKey(value.kind, value);
}
