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

/** How the last attempt ended. A store counts and groups by the stage, and does not know what it means. */
export interface LastFailure {
  readonly atMs: number;
  readonly stage: string;
  readonly reason: string;
  /** The HTTP status that came, where one did. */
  readonly status?: number;
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
  readonly lastFailure: LastFailure | null;
}

/** A line as stores keep it. Stores know nothing of the details of a kind. */
export interface Line extends LineHead {
  readonly kind: LineKind;
  /** The fields that only this kind has: plain JSON. */
  readonly details: object;
  /** The callback as it came; also `null` where the line was read without it. */
  readonly body: Buffer | null;
}

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

export const isLastFailure = hasShape<LastFailure>({
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
  lastFailure: orNull(isLastFailure),
  details: (value) => typeof value === 'object' && value !== null,
  body: orNull(Buffer.isBuffer),
});

/** Whether a stored value is a line, and not something that another program has left. */
export function isLine(key: string, value: unknown): value is Line {
  return isWhole(value) && key === lineKey(value.kind, value);
}
