import {
  type Dated,
  type Failure,
  type Hint,
  type HintHead,
  hintKey,
  type HintState,
  type NewHint,
} from './hint.js';

/** How many accounts of one corp may have a hint without ever having registered: a typing error adds one. */
export const UNREGISTERED_PER_CORP_MAX = 10_000;

/** A hint that this process has leased. */
export type ClaimedHint = Hint & {
  readonly lease: NonNullable<Hint['lease']>;
  /** Whether the claim replaced another lease: one that lapsed, or, at a registration, one that was still running. */
  readonly isTakenOver: boolean;
};

/** Identifies the hint, its generation and its lease when an outcome is reported. */
export interface Held {
  readonly key: string;
  /** The generation that was attempted. */
  readonly generation: string;
  /** `null` when nobody has leased the hint. */
  readonly leaseId: string | null;
}

export interface Kept {
  readonly generation: string;
  /** Identifies the event that is kept now. */
  readonly dated: Dated;
  /** The generation that was merged into this one; `null` when the account had no hint. */
  readonly replaced: string | null;
  /** The running lease: that of `put`, unless the hint already had one. */
  readonly leaseId: string | null;
  /** `null` when the hint is parked. */
  readonly dueAtMs: number | null;
}

/** When a hint is tried next. */
export interface Rescheduled {
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

export interface HintFilter {
  readonly states: readonly HintState[];
  /** `null` selects all corps. */
  readonly corpId: string | null;
  /** Of their last failure; left out for any. */
  readonly stage?: Failure['stage'] | undefined;
  /** When their events arrived, store time: from then on, and before; left out for any. */
  readonly arrivedFromMs?: number | undefined;
  readonly arrivedBeforeMs?: number | undefined;
}

/** By corp and account, or those first that wait longest. */
export const HINT_ORDERS = ['account', 'waitingSince'] as const;
export type HintOrder = (typeof HINT_ORDERS)[number];

export interface HintPage {
  readonly hints: readonly HintHead[];
  /** Pass it to get the next page; `null` on the last page. */
  readonly cursor: string | null;
}

/** Where a page goes on after this hint. */
export function cursorOf(hint: HintHead, order: HintOrder): string {
  return order === 'account' ? hintKey(hint) : `${hint.waitingSinceMs} ${hintKey(hint)}`;
}

/** The latest that a date can have (ECMA-262, 21.4.1.1). */
const LATEST_MS = 8.64e15;

/** @param cursor of the order `waitingSince`; of any other text something is read that finds nothing wrong. */
export function readSinceCursor(cursor: string): { readonly sinceMs: number; readonly key: string } {
  const space = cursor.indexOf(' ');
  const sinceMs = Math.min(Number(cursor.slice(0, space)) || 0, LATEST_MS);
  return { sinceMs, key: cursor.slice(space + 1) };
}

/** What a bot answered in place of taking an event. */
export interface Answered {
  readonly status: number;
  readonly atMs: number;
}

/** The later one. */
export function laterAnswer(one: Answered | null, other: Answered | null): Answered | null {
  if (one === null || other === null) return one ?? other;
  return other.atMs > one.atMs ? other : one;
}

/** Hints that have the same trouble. */
export interface HintGroup {
  readonly state: HintState;
  readonly corpId: string;
  readonly endpoint: string | null;
  /** Of their last failures; `null` where none is known. */
  readonly stage: Failure['stage'] | null;
  /** The HTTP status that came last, and when; `null` where none did, or where none is known. */
  readonly answered: Answered | null;
  /** How many accounts they are of. */
  readonly accounts: number;
  /** One of the accounts. */
  readonly openKfId: string;
  /** Since when the first of them waits, see `waitingSinceMs`. */
  readonly sinceMs: number;
}

export interface OutboxCounts {
  readonly waiting: number;
  readonly parked: number;
  readonly dead: number;
  /** Records set aside because they cannot be read. */
  readonly unreadable: number;
  /** Since when the longest waiting hint waits, store time, see `waitingSinceMs`; `null` when no hint waits. */
  readonly oldestWaitingAtMs: number | null;
  /** The same of parked hints. */
  readonly oldestParkedAtMs: number | null;
}

/**
 * The durable set of hints that no bot has taken yet, one per kf account. `nowMs` is always store time.
 * Methods reject with AppError `STORE_UNAVAILABLE`. The write may have happened, and is safe to repeat.
 *
 * Only the holder of a lease delivers the hint. A lease that is neither renewed nor ended lapses, and anybody may
 * claim the hint again. So a hint may be delivered twice; puppets deduplicate by `webhook-id`. Calls with a lease
 * that lapsed or was taken over change nothing.
 */
export abstract class Outbox {
  /** Whether other processes use this outbox too. */
  abstract readonly isShared: boolean;

  /**
   * Keeps the event and merges it with the hint of its account, if there is one: see `merge`. Durable when it resolves.
   * @throws AppError `OUTBOX_FULL` when the corp has hints for `UNREGISTERED_PER_CORP_MAX` accounts without registration.
   */
  abstract put(hint: NewHint, nowMs: number): Promise<Kept>;

  /** Leases up to `limit` due hints, earliest due first. Skips hints for `exceptEndpoints`. */
  abstract claimDue(
    nowMs: number,
    limit: number,
    leaseMs: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly ClaimedHint[]>;

  /**
   * Leases one of the endpoint's waiting hints to probe it, also before it is due: the one that was leased so longest ago, so
   * that accounts take turns; of those that never were, the one with the oldest event. In a store of one process a turn may be
   * lost with the process.
   * @param keys of the hints that alone may be leased.
   * @returns `null` when none is free.
   */
  abstract claimOldest(
    endpoint: string,
    nowMs: number,
    leaseMs: number,
    keys?: ReadonlySet<string>,
  ): Promise<ClaimedHint | null>;

  /**
   * Leases the hint for a puppet that registered at `endpoint`. Its state does not matter, and a running lease is taken over.
   * @returns `null` when the account has no hint.
   */
  abstract claimOf(
    key: string,
    endpoint: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<ClaimedHint | null>;

  /** @returns false when this process no longer holds the lease. */
  abstract renew(held: Held, nowMs: number, leaseMs: number): Promise<boolean>;

  /**
   * Removes the hint after its puppet took this generation. A newer generation stays, unleased and due at once, and waits
   * only since its own event arrived.
   */
  abstract settle(held: Held, nowMs: number): Promise<void>;

  /** Sets the next time after a failed attempt and ends the lease. */
  abstract reschedule(held: Held, next: Rescheduled, nowMs: number): Promise<void>;

  /** Ends the lease when no attempt was made. The new due time may be lost with the process. */
  abstract release(held: Held, dueAtMs: number, nowMs: number): Promise<void>;

  /**
   * Marks the hint as dead. A newer generation stays, unleased and due at once.
   * @returns whether this call made it dead.
   */
  abstract bury(held: Held, failure: Failure, nowMs: number): Promise<boolean>;

  /** Makes the hint due at once for a puppet at `endpoint`, also when it is parked or dead. A running lease stays. */
  abstract wake(key: string, endpoint: string, nowMs: number): Promise<void>;

  /** Makes all waiting hints of the endpoint due at once. */
  abstract wakeEndpoint(endpoint: string, nowMs: number): Promise<void>;

  /** The endpoints of all waiting hints. */
  abstract listEndpoints(): Promise<readonly string[]>;

  /**
   * Lists a page. By `waitingSince` it looks at all hints of the states, so call that only for an operator.
   * @param cursor the `cursorOf` of the last hint of the page before, of the same order; `null` for the first page.
   */
  abstract list(
    filter: HintFilter,
    cursor: string | null,
    limit: number,
    order?: HintOrder,
  ): Promise<HintPage>;

  abstract find(key: string): Promise<Hint | null>;

  /** Finds the hints of these keys, at most a page of them. The map has an entry for each key that has a hint. */
  abstract findHeads(keys: readonly string[]): Promise<ReadonlyMap<string, HintHead>>;

  /** The hints of the account, one per corp. Scans the whole outbox, so call it only for an operator's request. */
  abstract findOfAccount(openKfId: string): Promise<readonly HintHead[]>;

  /**
   * Sends the hint again as a new event, in whatever state it is: see `toReplayed`. A running lease stays.
   * @returns false when the account has no hint.
   */
  abstract replay(key: string, endpoint: string, nowMs: number): Promise<boolean>;

  /**
   * Removes the hint if it is still of this generation. Its state and its lease do not matter.
   * @returns false when the hint is of another generation; true when there is none any more, also if there was none before.
   */
  abstract drop(key: string, generation: string): Promise<boolean>;

  abstract counts(): Promise<OutboxCounts>;

  /**
   * Dead hints, and others that have waited since `beforeMs` or longer, by state, corp, endpoint and stage. Scans the whole
   * outbox, so call it only while an operator looks.
   */
  abstract groups(beforeMs: number): Promise<readonly HintGroup[]>;

  /**
   * When the next hint can be claimed. Ignores hints for `exceptEndpoints`.
   * @returns `null` when there is none, or when the outbox is shared: another process may add one at any time.
   */
  abstract nextClaimableAtMs(exceptEndpoints: ReadonlySet<string>): number | null;
}
