import type { Dated, Failure, Hint, HintHead, HintState, NewHint } from './hint.js';

/** Accounts of one corp that never registered and have something kept: anybody's typing error makes one. */
export const UNREGISTERED_PER_CORP_MAX = 10_000;

/** A hint that was claimed: its lease is ours. */
export type ClaimedHint = Hint & {
  readonly lease: NonNullable<Hint['lease']>;
  /** Whether another had a lease on it, which it neither ended nor renewed in time; at a registration one that runs, too. */
  readonly isTakenOver: boolean;
};

/** Which hint an outcome is about. */
export interface Held {
  readonly key: string;
  /** The one that was delivered, or tried. */
  readonly generation: string;
  /** `null` for one that nobody has leased. */
  readonly leaseId: string | null;
}

export interface Kept {
  readonly generation: string;
  /** Of the event that is kept now. */
  readonly dated: Dated;
  /** Of what waited before and has been taken in; `null` where nothing did. */
  readonly replaced: string | null;
  /** The lease that runs on it, which is the one handed in unless another was running. */
  readonly leaseId: string | null;
  /** `null` when it is parked. */
  readonly dueAtMs: number | null;
}

/** A hint's next time; for one that became newer while it was tried, `newer` counts. */
export interface Rescheduled {
  /** Where it was tried. */
  readonly endpoint: string | null;
  readonly attempts: number;
  readonly step: number;
  /** `null` parks it. */
  readonly dueAtMs: number | null;
  readonly failure: Failure;
  readonly newer: { readonly step: number; readonly dueAtMs: number };
}

export interface HintFilter {
  readonly states: readonly HintState[];
  /** `null` for those of all corps. */
  readonly corpId: string | null;
}

export interface HintPage {
  readonly hints: readonly HintHead[];
  /** Where the next page begins; `null` at the end. */
  readonly cursor: string | null;
}

export interface OutboxCounts {
  readonly waiting: number;
  readonly parked: number;
  readonly dead: number;
  /** Records set aside because they cannot be read. */
  readonly unreadable: number;
  /** When the event came in that waits longest, store time; `null` when none waits. */
  readonly oldestWaitingAtMs: number | null;
}

/**
 * The durable set of hints that no puppet has taken yet, one per kf account. `nowMs` is always the store
 * clock's. What rejects does so with AppError `STORE_UNAVAILABLE`, may have happened or not, and can be repeated.
 *
 * A lease keeps everybody else from delivering the hint. One that was neither renewed nor ended lapses and
 * is anybody's, so a hint may be delivered twice: puppets tell by `webhook-id`. What is done with a lease
 * that lapsed, or was taken over, changes nothing.
 */
export abstract class Outbox {
  /** Whether other processes keep and claim here too. */
  abstract readonly isShared: boolean;

  /**
   * Keeps the event, together with what waits for its account already: see `merge`. Durable when it resolves.
   * @throws AppError `OUTBOX_FULL` for one more account of a corp that never registered than the bound allows.
   */
  abstract put(hint: NewHint, nowMs: number): Promise<Kept>;

  /** Leases up to `limit` hints that are due, oldest due first, but none of these endpoints. */
  abstract claimDue(
    nowMs: number,
    limit: number,
    leaseMs: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly ClaimedHint[]>;

  /** Leases the waiting hint of the endpoint whose event came in first, whatever its due time. @returns `null` when all are leased or none waits. */
  abstract claimOldest(endpoint: string, nowMs: number, leaseMs: number): Promise<ClaimedHint | null>;

  /**
   * Leases the hint for a puppet that registered at `endpoint`, whatever its state, and takes a running lease over.
   * @returns `null` when nothing waits for the account.
   */
  abstract claimOf(
    key: string,
    endpoint: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<ClaimedHint | null>;

  /** @returns false when the lease is no longer ours. */
  abstract renew(held: Held, nowMs: number, leaseMs: number): Promise<boolean>;

  /** The generation was taken: it is removed. A newer one stays, without lease and due at once. */
  abstract settle(held: Held, nowMs: number): Promise<void>;

  /** It was tried and not taken. Ends the lease. */
  abstract reschedule(held: Held, next: Rescheduled, nowMs: number): Promise<void>;

  /** Ends the lease without a try having been made. A later due time need not outlast the process. */
  abstract release(held: Held, dueAtMs: number, nowMs: number): Promise<void>;

  /**
   * Nothing will come of this generation: it is dead. A newer one stays, without lease and due at once.
   * @returns whether it is dead now, by this.
   */
  abstract bury(held: Held, failure: Failure, nowMs: number): Promise<boolean>;

  /** Makes the hint due at once, a parked or dead one too, for a puppet at `endpoint`. Its lease, if one runs, stays. */
  abstract wake(key: string, endpoint: string, nowMs: number): Promise<void>;

  /** Makes all waiting hints of the endpoint due at once. */
  abstract wakeEndpoint(endpoint: string, nowMs: number): Promise<void>;

  /** Of all waiting hints. */
  abstract listEndpoints(): Promise<readonly string[]>;

  /** A page in the order of their keys. @param cursor the key after which it begins; `null` for the first. */
  abstract list(filter: HintFilter, cursor: string | null, limit: number): Promise<HintPage>;

  abstract find(key: string): Promise<Hint | null>;

  /** What waits, or is dead, of these; at most a page's worth. By key. */
  abstract findHeads(keys: readonly string[]): Promise<ReadonlyMap<string, HintHead>>;

  /** All of the account, one for each corp whose events were kept for it. Looks through everything: for a person's question. */
  abstract findOfAccount(openKfId: string): Promise<readonly HintHead[]>;

  /**
   * Has it sent again, as a new event and whatever its state: see `toReplayed`. Its lease, if one runs, stays.
   * @returns false when nothing waits for the account.
   */
  abstract replay(key: string, endpoint: string, nowMs: number): Promise<boolean>;

  /**
   * Removes it for good, whatever its state and whoever has leased it, if it is still of this generation.
   * @returns false where another generation is there; true where none is, be it by this or before.
   */
  abstract drop(key: string, generation: string): Promise<boolean>;

  abstract counts(): Promise<OutboxCounts>;

  /**
   * When the next hint can be claimed that is of none of these endpoints.
   * @returns `null` when none will, or where other processes may keep one at any time.
   */
  abstract nextClaimableAtMs(exceptEndpoints: ReadonlySet<string>): number | null;
}
