import type { Message, MessageHead, MessageOrder, MessageState } from './message.js';
import type { Answered, Failure, Line, LineKind, LineState } from './line.js';
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
  /** The stage of the last failure; left out for any. */
  readonly stage?: Failure['stage'] | undefined;
  /** Only lines whose `arrivedAtMs` is from the one time on and before the other; left out for any. */
  readonly arrivedFromMs?: number | undefined;
  readonly arrivedBeforeMs?: number | undefined;
}

/** The last line of a page. */
export interface LinePlace {
  readonly key: string;
  readonly waitingSinceMs: number;
}

export interface LineCounts {
  readonly waiting: number;
  /** Without those that are `paused`. */
  readonly parked: number;
  /** Parked ones whose bot is paused, by their last failure. */
  readonly paused: number;
  readonly dead: number;
  /** Records set aside because they cannot be read. */
  readonly unreadable: number;
  /** Since when the longest waiting line waits; `null` when none waits. */
  readonly oldestWaitingAtMs: number | null;
  /** The same for parked lines. */
  readonly oldestParkedAtMs: number | null;
}

/** Lines that have the same trouble. */
export interface LineGroup {
  readonly state: LineState;
  readonly corpId: string;
  readonly endpoint: string | null;
  /** The stage of their last failures; `null` where none is known. */
  readonly stage: Failure['stage'] | null;
  /** The HTTP status that came last, and when; `null` where none did, or where none is known. */
  readonly answered: Answered | null;
  /** How many accounts have these lines. */
  readonly accounts: number;
  /** One of the accounts. */
  readonly openKfId: string;
  /** Since when the longest waiting line of them waits. */
  readonly sinceMs: number;
}

/** A message of which only the id is left, until `untilMs`. */
export interface KnownMessage extends Addressee {
  readonly msgid: string;
  readonly untilMs: number;
}

export type MessageChange = Partial<
  Pick<MessageHead, 'state' | 'attempts' | 'refusals' | 'step' | 'dueAtMs' | 'lastFailure'>
>;

export interface MessageFilter {
  readonly states: readonly MessageState[];
  /** `null` selects all corps. */
  readonly corpId: string | null;
  /** `null` selects all accounts. */
  readonly openKfId: string | null;
}

/** The last message of a page. */
export interface MessagePlace {
  /** `accountKey`. */
  readonly account: string;
  readonly seq: number;
}

/** Of an account that has any. */
export interface AccountMessages extends Addressee, MessageCounts {}

export interface MessageCounts {
  readonly waiting: number;
  readonly dead: number;
  /** When the message that waits longest was stored; `null` when none waits. */
  readonly oldestWaitingAtMs: number | null;
}

/** Which messages that wait: all of the account, or those of the page that was pulled from this cursor. */
export interface WaitingOf {
  readonly account: Addressee;
  readonly pageCursor: string | null;
}

/**
 * Keeps lines and messages. It finds them, and changes one under a condition. Its callers decide what may happen to them. A line
 * is found by its `lineKey`, a message by its `webhookIdOf`. A write is durable when it resolves. Methods reject with AppError
 * `STORE_UNAVAILABLE`; a write may have happened then. A record that cannot be read is skipped, logged once, counted, and left
 * where it is.
 */
export abstract class QueueStore {
  /** Whether other processes use it too. */
  abstract readonly isShared: boolean;

  // Lines.

  abstract find(key: string): Promise<KeptLine | null>;

  /** @returns false when there is one already; a record that cannot be read gives way. */
  abstract insert(added: KeptLine): Promise<boolean>;

  /** Writes the body only where it is another object. @returns false when the line is no longer as it was read. */
  abstract replace(before: KeptLine, after: KeptLine): Promise<boolean>;

  /** @returns false when the line is no longer as it was read. */
  abstract remove(before: KeptLine): Promise<boolean>;

  /** Leaves a record that cannot be read in a state that blocks nothing, and says so. */
  abstract setAside(unreadable: KeptLine): Promise<void>;

  /** Lines that may be claimed (`claimableAtMs`), the earliest first. Skips those of `exceptEndpoints`. */
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

  /** Makes all waiting lines of the endpoint due, and their waiting messages. Running leases stay. */
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

  /** The lines with these keys, without bodies. @param keys at most as many as a page has. */
  abstract findAll(keys: readonly string[]): Promise<readonly Line[]>;

  /** The lines of the account in all corps, without bodies. May scan all lines. */
  abstract listOfAccount(kind: LineKind, openKfId: string): Promise<readonly Line[]>;

  abstract count(kind: LineKind): Promise<LineCounts>;

  /** How many lines of the corp have no endpoint, in any state. */
  abstract countUnregistered(kind: LineKind, corpId: string): Promise<number>;

  /** Dead lines, and others that have waited since `beforeMs` or longer. May scan all lines. */
  abstract group(kind: LineKind, beforeMs: number): Promise<readonly LineGroup[]>;

  // Messages.

  /** @throws AppError `STORE_UNAVAILABLE` while there is no room for new messages, so that nobody pulls them in vain. */
  requireRoomForMessages(): void {}

  /**
   * Adds messages and known ids that are not there in any state. Those that are there stay as they are.
   * @returns the keys of the messages that were added.
   */
  abstract addMessages(
    messages: readonly Message[],
    known: readonly KnownMessage[],
  ): Promise<ReadonlySet<string>>;

  /** @returns `null` when it neither waits nor is dead. */
  abstract findMessage(key: string): Promise<Message | null>;

  /**
   * The first waiting messages of the account, in their order. With `customer`, only the first message of each lane is listed, and
   * only if it is due by `dueAtMs`; `null` lists it whatever its due time.
   * @param without with `customer`: lanes of which nothing is listed.
   */
  abstract listFirst(
    account: Addressee,
    order: MessageOrder,
    limit: number,
    dueAtMs: number | null,
    without?: ReadonlySet<string>,
  ): Promise<readonly Message[]>;

  /** The first waiting message of the account with this `seq` or a later one. */
  abstract findFrom(account: Addressee, seq: number): Promise<MessageHead | null>;

  /** The first waiting message of each lane, in their order. */
  abstract listFirstHeads(account: Addressee, limit: number): Promise<readonly MessageHead[]>;

  /** The first waiting messages of a lane, in their order. */
  abstract listLane(account: Addressee, lane: string, limit: number): Promise<readonly MessageHead[]>;

  /** When the first message is due. With `customer`, when the earliest of the first messages of all lanes is due. */
  abstract nextDueAtMs(account: Addressee, order: MessageOrder): Promise<number | null>;

  /** @returns false when it is in none of these states. */
  abstract changeMessage(
    key: string,
    states: readonly MessageState[],
    change: MessageChange,
  ): Promise<boolean>;

  /** Deletes all of a message but its id. @returns false when it neither waits nor is dead. */
  abstract forgetMessage(key: string, untilMs: number): Promise<boolean>;

  /** Deletes all of the messages but their ids. With an `untilMs` of `null`, deletes the ids too. @returns how many waited. */
  abstract forgetWaiting(which: WaitingOf, untilMs: number | null): Promise<number>;

  /** Stores the message in place of its id. @returns false when more than the id was there, or nothing. */
  abstract bringBack(message: Message): Promise<boolean>;

  /** Stores the message in place of the one that waits under its id. @returns false when none does. */
  abstract replaceMessage(message: Message): Promise<boolean>;

  /** Deletes ids, so that their messages are new when they come again. A message that waits or is dead stays. */
  abstract forgetIds(keys: readonly string[]): Promise<void>;

  /** Makes the waiting messages of the account due. */
  abstract makeMessagesDue(account: Addressee, nowMs: number): Promise<void>;

  abstract countWaiting(account: Addressee): Promise<number>;

  abstract listMessages(
    filter: MessageFilter,
    after: MessagePlace | null,
    limit: number,
  ): Promise<readonly MessageHead[]>;

  /** Of all accounts, or of one. */
  abstract countMessages(account: Addressee | null): Promise<MessageCounts>;

  /** Of each account that has any. May scan all messages. */
  abstract countMessagesByAccount(): Promise<readonly AccountMessages[]>;

  /** Waiting messages that were stored at `atMs` or before, some thousand at most. */
  abstract listStoredBefore(atMs: number): Promise<readonly MessageHead[]>;

  /**
   * Deletes all but the ids of messages that died at `diedBeforeMs` or before; the ids are known `untilMs`. Deletes ids whose time
   * is over at `nowMs`. Some thousand of each at most.
   */
  abstract sweep(diedBeforeMs: number, untilMs: number, nowMs: number): Promise<void>;
}
