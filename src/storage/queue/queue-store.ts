import type { Message, MessageHead, MessageOrder, MessageState } from './message.js';
import type { Answered, Failure, Line, LineKind, LineState } from './line.js';
import type { Addressee } from '../../kernel/account.js';

/** A line as it was read, or is to be written. */
export interface KeptLine {
  readonly line: Line;
  /** New with every write and never used twice: a line that still has it is as it was read. */
  readonly revision: string;
}

/** By corp and account, or those first that wait longest. */
export const LINE_ORDERS = ['account', 'waitingSince'] as const;
export type LineOrder = (typeof LINE_ORDERS)[number];

export interface LineFilter {
  readonly states: readonly LineState[];
  /** `null` selects all corps. */
  readonly corpId: string | null;
  /** Of their last failure; left out for any. */
  readonly stage?: Failure['stage'] | undefined;
  /** When what waits arrived: from then on, and before; left out for any. */
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
  readonly parked: number;
  readonly dead: number;
  /** Records set aside because they cannot be read. */
  readonly unreadable: number;
  /** Since when the first of the lines that wait waits; `null` when none waits. */
  readonly oldestWaitingAtMs: number | null;
  /** The same of parked ones. */
  readonly oldestParkedAtMs: number | null;
}

/** Lines that have the same trouble. */
export interface LineGroup {
  readonly state: LineState;
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
  /** Since when the first of them waits. */
  readonly sinceMs: number;
}

/** A message of which only the id is left, until then. */
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
 * Where lines and messages are kept. It finds them, and changes one under a condition; what may happen to them is said by those
 * who call it. A line is found by its `lineKey`, a message by its `webhookIdOf`. Everything is durable when it resolves. Methods reject with AppError
 * `STORE_UNAVAILABLE`; a write may have happened then. A record that cannot be read is passed over, said once, counted and left.
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
   * One of the endpoint's waiting lines that nobody has leased: the one that probed longest ago; of those that never did, the one
   * that arrived first.
   * @param keys of the lines that alone may be.
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

  /** Makes all waiting lines of the endpoint due, and what waits of their messages. Running leases stay. */
  abstract makeDue(kind: LineKind, endpoint: string, nowMs: number): Promise<void>;

  /** The endpoints of all waiting lines. */
  abstract listEndpoints(kind: LineKind): Promise<readonly string[]>;

  /** Without bodies. @param after the last one of the page before; `null` for the first page. */
  abstract list(
    kind: LineKind,
    filter: LineFilter,
    after: LinePlace | null,
    limit: number,
    order: LineOrder,
  ): Promise<readonly Line[]>;

  /** Without bodies; at most a page of them. */
  abstract findAll(keys: readonly string[]): Promise<readonly Line[]>;

  /** Without bodies: of whichever corp. May scan all lines. */
  abstract listOfAccount(kind: LineKind, openKfId: string): Promise<readonly Line[]>;

  abstract count(kind: LineKind): Promise<LineCounts>;

  /** How many parked lines of the corp were never for an endpoint. */
  abstract countUnregistered(kind: LineKind, corpId: string): Promise<number>;

  /** Dead lines, and others that have waited since `beforeMs` or longer. May scan all lines. */
  abstract group(kind: LineKind, beforeMs: number): Promise<readonly LineGroup[]>;

  // Messages.

  /**
   * Adds what is not there in any state. Known ones that are there stay as they are.
   * @returns the keys of the messages that were added.
   */
  abstract addMessages(
    messages: readonly Message[],
    known: readonly KnownMessage[],
  ): Promise<ReadonlySet<string>>;

  /** @returns `null` when it neither waits nor is dead. */
  abstract findMessage(key: string): Promise<Message | null>;

  /**
   * The first ones that wait of the account, in their order; with `customer`, of those that are each the first of their lane, and
   * of them only what is due by `dueAtMs`, unless that is `null`.
   */
  abstract listFirst(
    account: Addressee,
    order: MessageOrder,
    limit: number,
    dueAtMs: number | null,
  ): Promise<readonly Message[]>;

  /** When the first message is due; with `customer`, the first one to be due of those that are each the first of their lane. */
  abstract nextDueAtMs(account: Addressee, order: MessageOrder): Promise<number | null>;

  /** @returns false when it is in none of these states. */
  abstract changeMessage(
    key: string,
    states: readonly MessageState[],
    change: MessageChange,
  ): Promise<boolean>;

  /** Leaves nothing but the id. @returns false when it neither waits nor is dead. */
  abstract forgetMessage(key: string, untilMs: number): Promise<boolean>;

  /** Leaves nothing but their ids, or not even these where `untilMs` is `null`. @returns how many waited. */
  abstract forgetWaiting(which: WaitingOf, untilMs: number | null): Promise<number>;

  /** As it is given, in place of its id. @returns false when more than its id was left, or nothing. */
  abstract bringBack(message: Message): Promise<boolean>;

  /** Makes due what waits of the account. */
  abstract makeMessagesDue(account: Addressee, nowMs: number): Promise<void>;

  abstract countWaiting(account: Addressee): Promise<number>;

  abstract listMessages(
    filter: MessageFilter,
    after: MessagePlace | null,
    limit: number,
  ): Promise<readonly MessageHead[]>;

  /** Of all accounts, or of one. */
  abstract countMessages(account: Addressee | null): Promise<MessageCounts>;

  /** Waiting ones that were stored until then, some thousand at most. */
  abstract listStoredBefore(atMs: number): Promise<readonly MessageHead[]>;

  /** Leaves only the ids of those that died until then, known `untilMs`, and no ids whose time is over; some thousand at most. */
  abstract sweep(diedBeforeMs: number, untilMs: number, nowMs: number): Promise<void>;
}
