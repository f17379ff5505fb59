import type {
  AccountEntries,
  Entry,
  EntryCounts,
  EntryFilter,
  EntryPage,
  KnownEntry,
  LanePage,
} from './entry.js';
import type { Line, LineKind, LineState } from './line.js';
import type { Addressee } from '../../kernel/account.js';

/** A line as it was read, or is to be written. */
export interface KeptLine {
  readonly line: Line;
  /** New with every write and never used twice: a line that still has it is as it was read. */
  readonly revision: string;
}

/** By corp and account, or the longest waiting lines first. */
export const LINE_ORDERS = ['account', 'waitingSince'] as const;
export type LineOrder = (typeof LINE_ORDERS)[number];

export interface LineFilter {
  readonly states: readonly LineState[];
  /** `null` selects all corps. */
  readonly corpId: string | null;
  /** Left out for all accounts. */
  readonly openKfId?: string | undefined;
  /** Left out for any. */
  readonly keys?: readonly string[] | undefined;
  /** The stage of the last failure; left out for any. */
  readonly stage?: string | undefined;
  /** Only lines whose `arrivedAtMs` is from the one time on and before the other; left out for any. */
  readonly arrivedFromMs?: number | undefined;
  readonly arrivedBeforeMs?: number | undefined;
}

/** The last line of a page. */
export interface LinePlace {
  readonly key: string;
  readonly waitingSinceMs: number;
}

/** How many lines are in a state. Parked ones are counted by the stage of their last failure. */
export interface LineCount {
  /** `unreadable`: records set aside because they cannot be read. */
  readonly state: LineState | 'unreadable';
  /** `null` unless they are parked, and where no failure is known. */
  readonly stage: string | null;
  readonly lines: number;
  /** Since when the longest waiting of them waits. */
  readonly sinceMs: number;
}

/** Lines that have the same trouble. */
export interface LineGroup {
  readonly state: LineState;
  readonly corpId: string;
  readonly endpoint: string | null;
  /** The stage of their last failures; `null` where none is known. */
  readonly stage: string | null;
  /** The HTTP status that came last, and when; `null` where none did, or where none is known. */
  readonly answered: { readonly status: number; readonly atMs: number } | null;
  /** How many accounts have these lines. */
  readonly accounts: number;
  /** One of the accounts. */
  readonly openKfId: string;
  /** Since when the longest waiting line of them waits. */
  readonly sinceMs: number;
}

export type EntryChange = Partial<Omit<Entry, 'key'>>;

/**
 * Keeps lines and entries. It finds them, and changes them under a condition. Its callers decide what may happen to them, and why.
 * A line is found by its `lineKey`. A write is durable when it resolves. Methods reject with AppError `STORE_UNAVAILABLE`; a write
 * may have happened then. A record that cannot be read is skipped, logged once, counted, and left where it is.
 */
export abstract class QueueStore {
  /** Whether other processes use it too. */
  abstract readonly isShared: boolean;

  // Lines.

  abstract find(key: string): Promise<KeptLine | null>;

  /**
   * Adds a line where `before` is `null`, removes it where `after` is. A record that cannot be read gives way. Writes the body only
   * where it is another object.
   * @returns false when the line is no longer as it was read.
   */
  abstract write(before: KeptLine | null, after: KeptLine | null): Promise<boolean>;

  /**
   * Lines that may be claimed (`claimableAtMs`), the earliest first. Skips those of `exceptEndpoints`.
   * @param exceptEndpoints where other processes use the store too, an entry that begins with `@` stands for all endpoints that
   *   end so.
   */
  abstract listClaimable(
    kind: LineKind,
    nowMs: number,
    limit: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly KeptLine[]>;

  /**
   * One of the endpoint's waiting lines that nobody has leased: the one that probed longest ago. Among lines that never probed,
   * the one that arrived first.
   * @param keys only lines with these keys; left out for all.
   */
  abstract findToProbe(
    kind: LineKind,
    endpoint: string,
    nowMs: number,
    keys?: ReadonlySet<string>,
  ): Promise<KeptLine | null>;

  /**
   * When the next line can be claimed. Ignores those of `exceptEndpoints`.
   * @returns `null` when there is none, or where another process may add one at any time.
   */
  abstract nextClaimableAtMs(kind: LineKind, exceptEndpoints: ReadonlySet<string>): Promise<number | null>;

  /** Makes all waiting lines of the endpoint due, and the waiting entries of `messages`. Running leases stay. */
  abstract makeDue(kind: LineKind, endpoint: string, nowMs: number): Promise<void>;

  /** The endpoints of all waiting lines. */
  abstract listEndpoints(kind: LineKind): Promise<readonly string[]>;

  /** A page of lines, without bodies. @param after the last line of the page before; `null` for the first page. */
  abstract list(
    kind: LineKind,
    filter: LineFilter,
    after: LinePlace | null,
    limit: number,
    order: LineOrder,
  ): Promise<readonly Line[]>;

  /** @returns nothing for states that no line is in. */
  abstract count(kind: LineKind): Promise<readonly LineCount[]>;

  /** How many lines of the corp have no endpoint, in any state. */
  abstract countWithoutEndpoint(kind: LineKind, corpId: string): Promise<number>;

  /**
   * Dead lines, and others that have waited since `beforeMs` or longer, or since a time from `afterMs` on. May scan all lines.
   */
  abstract group(kind: LineKind, beforeMs: number, afterMs: number): Promise<readonly LineGroup[]>;

  // Entries.

  /**
   * Adds entries and keys that are not there in any state. Those that are there stay as they are.
   * @returns the keys of the entries that were added.
   */
  abstract addEntries(entries: readonly Entry[], known: readonly KnownEntry[]): Promise<ReadonlySet<string>>;

  /** Entries as they are kept: whoever reads them checks them, and sets those aside that it cannot read. */
  abstract listEntries(filter: EntryFilter, page: EntryPage): Promise<readonly Entry[]>;

  /** As `listEntries`, only the first waiting entry of each lane of the account. */
  abstract listFirstOfLanes(account: Addressee, page: LanePage): Promise<readonly Entry[]>;

  /** @returns how many it has changed. A known one becomes an entry again with a whole `change`. */
  abstract changeEntries(which: EntryFilter, change: EntryChange): Promise<number>;

  /** Deletes all of the entries but their keys, which are known `untilMs`; with `null`, the keys too. @returns how many. */
  abstract forgetEntries(which: EntryFilter, untilMs: number | null): Promise<number>;

  /** Of all accounts, or of one. */
  abstract countEntries(account: Addressee | null): Promise<EntryCounts>;

  /** Of each account that has any. May scan all entries. */
  abstract countEntriesByAccount(): Promise<readonly AccountEntries[]>;

  /**
   * Deletes all but the keys of entries that died at `diedBeforeMs` or before; the keys are known `untilMs`. Deletes keys whose time
   * is over at `nowMs`. Some thousand of each at most.
   */
  abstract sweep(diedBeforeMs: number, untilMs: number, nowMs: number): Promise<void>;

  // Both.

  /** Leaves a record that its user cannot read in a state that blocks nothing, and says so. */
  abstract setAside(unreadable: KeptLine | Entry): Promise<void>;

  /**
   * Call it before something is sent that would be sent again and again while it cannot be written that it was taken; and before
   * new entries are asked for that could not be added.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  requireRoom(_for: 'outcomes' | 'entries'): void {}
}

/** A queue in the memory of this process, for what the store could not take. It is lost with the process. */
export abstract class MemoryQueue extends QueueStore {}
