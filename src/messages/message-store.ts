import type { Failure } from '../dispatch/outbox/hint.js';
import type { Addressee } from '../registry/destination.js';
import type { OwnPull } from '../wecom/proxy/queued-messages.js';
import type { Message, MessageHead, MessageOrder, MessageState, NewMessage } from './message.js';

/** The right to pull an account's messages, which one process has at a time. */
export interface PullLease {
  readonly id: string;
  /** Where this app's last pull ended; `null` before the first one, `''` where all is to be pulled once more. */
  readonly cursor: string | null;
  /** The regime of the last pull; `null` before the first one. See `PulledPage.regime`. */
  readonly regime: string | null;
  /** Until when another taker is known to have taken the account's events; 0 when none is. Store time. */
  readonly coveredUntilMs: number;
  /** Whether the cursor is the one at which that taker ended: then it counts, and not the time. */
  readonly isFromTaker: boolean;
  /** Messages of the account that wait. */
  readonly waiting: number;
}

/** What one pull brought. */
export interface PulledPage {
  /** Identifies the app whose cursor it is; see `PullLease.cursor`. */
  readonly appId: string;
  /** The cursor that was sent. */
  readonly from: string;
  /** WeCom's `next_cursor`; `null` where it gave none: then the last one stays. */
  readonly cursor: string | null;
  /** Identifies the bot and since when it takes messages. A page that is given another one than the last tells so. */
  readonly regime: string;
  /** In WeCom's order. */
  readonly messages: readonly NewMessage[];
  /** `msgid`s of entries that are left out: they are known from now on. One that waits already stays as it is. */
  readonly skipped: readonly string[];
  /** Whose messages these are now: see `Turn.endpoint`. */
  readonly endpoint: string | null;
}

/** What has become of a page. */
export interface KeptPage {
  /** How many messages were new. */
  readonly added: number;
  /** Those of them that are dead from the start: see `NewMessage.failure`. */
  readonly dead: readonly MessageHead[];
  /** How many of the account's messages wait in all. */
  readonly waiting: number;
}

/** WeCom gives the message next that is pulled from this cursor. */
export interface CursorBefore {
  readonly msgid: string;
  readonly cursor: string;
}

/** The right to send an account's messages, which one process has at a time. */
export interface Turn extends Addressee {
  readonly leaseId: string;
  /** Where its messages were last sent or will be sent, as in `Endpoint.href`; `null` while nobody takes them. */
  readonly endpoint: string | null;
  /**
   * Whether an earlier turn ended without a word, its process having died, and no turn has found out what it had sent: a
   * message may have been sent already. See `EarlierAttempts`.
   */
  readonly isInDoubt: boolean;
}

/** What a callback bot is being told. It is taken when it has been both answered and pulled. */
export interface UnderWay {
  readonly msgid: string;
  /** Counted from 1. */
  readonly attempt: number;
  /** The bot has answered its callback with 2xx. */
  readonly isAnswered: boolean;
  /** The bot has been given it by `kf/sync_msg`. */
  readonly isPulled: boolean;
  /** Store time at which the attempt is over. */
  readonly untilMs: number;
}

/**
 * Whether a bot that has answered its callback has still to pull. Its pull is answered with what is under way, so nothing else is
 * begun until then.
 */
export function isAwaited({ isAnswered, isPulled, untilMs }: UnderWay, nowMs: number): boolean {
  return isAnswered && !isPulled && nowMs < untilMs;
}

export interface RefusedMessage {
  readonly attempts: number;
  readonly refusals: number;
  readonly step: number;
  readonly dueAtMs: number;
  /** `null` leaves the last one. */
  readonly failure: Failure | null;
}

export type DeadMessage = Pick<RefusedMessage, 'attempts' | 'refusals'> & { readonly failure: Failure };

export interface MessageFilter {
  readonly states: readonly MessageState[];
  /** `null` selects all corps. */
  readonly corpId: string | null;
  /** `null` selects all accounts. */
  readonly openKfId: string | null;
}

export interface MessagePage {
  readonly messages: readonly MessageHead[];
  /** Pass it to get the next page; `null` on the last page. */
  readonly cursor: string | null;
}

export interface MessageCounts {
  readonly waiting: number;
  readonly dead: number;
  /** When the message that waits longest was stored, store time; `null` when none waits. */
  readonly oldestWaitingAtMs: number | null;
}

/**
 * The durable queue of each account's messages, with the cursor it was pulled by and the ids that are known. `nowMs` is always
 * store time. Methods reject with AppError `STORE_UNAVAILABLE`; a write may have happened, and is safe to repeat.
 *
 * A message is known by corp, account and `msgid` for 4 days and is kept once, however often it is given. Calls with a lease
 * that lapsed or was taken over change nothing.
 */
export abstract class MessageStore {
  /** Whether other processes use this store too. */
  abstract readonly isShared: boolean;

  // Pulling.

  /** Leases the pulling of the account. @returns `null` while another process has it. */
  abstract beginPull(
    account: Addressee,
    appId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<PullLease | null>;

  /**
   * Keeps what is new, and only then moves the cursor; both are durable when it resolves. The lease runs anew. What was kept
   * waits for `page.endpoint` and is due at once.
   * @returns what has become of it; `null` when the lease is not held any more: the cursor is as it was, and a message may
   *   have been kept all the same.
   * @throws AppError `STORE_UNAVAILABLE`, also on a disk that runs low
   */
  abstract keep(
    account: Addressee,
    leaseId: string,
    page: PulledPage,
    nowMs: number,
    leaseMs: number,
  ): Promise<KeptPage | null>;

  abstract endPull(account: Addressee, leaseId: string): Promise<void>;

  /**
   * From where another one goes on that pulls the account with this app: WeCom's cursor at which the last pull ended, or where
   * the page of the first message began that still waits, which that one has to be given too. `''` stands for the beginning.
   */
  abstract findCursor(account: Addressee, appId: string): Promise<string>;

  /**
   * Another taker pulls the account by itself, and has been given all up to the cursor. What waits it has been given too, if it
   * pulled all from where the page of the first one began: what is of that page is kept no longer, its ids stay known, and a pull
   * under way keeps nothing more. Does nothing for a pull that began before `goBack` was last called.
   */
  abstract moveCursor(account: Addressee, pull: OwnPull, nowMs: number): Promise<void>;

  /**
   * Takes back what takers have pulled by themselves since then, at most 60 s: each app's cursor goes back to where it was.
   * @param untilMs when this became known. A pull that had begun by then moves nothing any more, whenever it ends.
   */
  abstract goBack(account: Addressee, sinceMs: number, untilMs: number): Promise<void>;

  /**
   * Remembers that another taker took the account's events until then. Does nothing for an account without a cursor. That cursor
   * is not where this taker ended, unless it has moved it last.
   * @param takerId `null` for one whose cursor is not known.
   */
  abstract cover(account: Addressee, untilMs: number, takerId: string | null): Promise<void>;

  /** Whoever pulls the account first has what was sent since then. Does nothing for an account of which something is known. */
  abstract beginAt(account: Addressee, fromMs: number): Promise<void>;

  /** The accounts with a cursor. */
  abstract listAccounts(): Promise<readonly Addressee[]>;

  /** When a page of the account was kept last, by any process; 0 before the first. Store time. */
  abstract pulledAtMs(account: Addressee): Promise<number>;

  // Sending.

  /**
   * Leases up to `limit` accounts with a message that is due, earliest due first. Skips those for `exceptEndpoints`, and those
   * whose endpoint is `null`, until they are woken. An account may be among them for which nothing is due any more: `next`
   * tells. Nothing is given out while its outcome could not be stored.
   */
  abstract claimDue(
    nowMs: number,
    limit: number,
    leaseMs: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly Turn[]>;

  /**
   * Leases one of the endpoint's accounts that have a waiting message, also before it is due: the one that was leased so
   * longest ago, so that accounts take turns. @returns `null` when none is free.
   */
  abstract claimOldest(endpoint: string, nowMs: number, leaseMs: number): Promise<Turn | null>;

  /** When the next account can be claimed; as `Outbox.nextClaimableAtMs`. */
  abstract nextClaimableAtMs(exceptEndpoints: ReadonlySet<string>): number | null;

  /** @returns false when this process no longer holds the lease. */
  abstract renew(turn: Turn, nowMs: number, leaseMs: number): Promise<boolean>;

  /**
   * The message that goes next: with `account`, the first that waits, if it is due; with `customer`, the first due one of
   * those that are each the first of their lane. `isProbe` takes the first although it is not due. While what is under way waits
   * and is awaited, it can be no other, and only when it is due.
   * @returns `null` when nothing is due.
   */
  abstract next(turn: Turn, order: MessageOrder, nowMs: number, isProbe: boolean): Promise<Message | null>;

  /**
   * Ends the lease. The account is due when its next message is, by this order; at once where one came meanwhile. The next turn
   * is in doubt if this one still is.
   */
  abstract release(turn: Turn, endpoint: string | null, order: MessageOrder, nowMs: number): Promise<void>;

  /** Removes what the message says; its id stays known. */
  abstract taken(turn: Turn, msgid: string, nowMs: number): Promise<void>;

  abstract refused(turn: Turn, msgid: string, refused: RefusedMessage, nowMs: number): Promise<void>;

  /** Marks the message as dead. @returns whether this call made it dead. */
  abstract bury(turn: Turn, msgid: string, dead: DeadMessage, nowMs: number): Promise<boolean>;

  // A callback bot's two halves, which may reach different processes.

  /** Says what is under way, in place of what was before. @returns false when the lease is not held any more. */
  abstract begin(turn: Turn, underWay: UnderWay): Promise<boolean>;

  /** What is under way, over or not; `null` when nothing is. In a store of one process it ends with the process. */
  abstract findUnderWay(
    account: Addressee,
  ): Promise<{ readonly underWay: UnderWay; readonly message: Message } | null>;

  /**
   * One half came. With both, the message is taken, nothing is under way, and the account is due at once, whoever leases it.
   * @returns `taken` when it is; `half` while the other half is missing; `gone` when this attempt is not under way any more.
   */
  abstract note(
    account: Addressee,
    of: Pick<UnderWay, 'msgid' | 'attempt'>,
    half: 'answered' | 'pulled',
    nowMs: number,
  ): Promise<'taken' | 'half' | 'gone'>;

  /**
   * The bot did not read what this attempt has noted as pulled. While that is still under way, it is pulled no more. Where the
   * message was taken by it, it is as given from now on, in its place among the account's messages.
   * @param message waits, or is dead.
   * @returns whether it had been taken.
   */
  abstract putBack(message: Message, attempt: number, nowMs: number): Promise<boolean>;

  /** Nothing is under way any more. */
  abstract endUnderWay(turn: Turn): Promise<void>;

  // Changes from outside.

  /** Makes the account's messages due at once for this endpoint. A running lease stays. */
  abstract wake(account: Addressee, endpoint: string, nowMs: number): Promise<void>;

  /** Makes all accounts of the endpoint due at once. */
  abstract wakeEndpoint(endpoint: string, nowMs: number): Promise<void>;

  /** The endpoints of all accounts with waiting messages. */
  abstract listEndpoints(): Promise<readonly string[]>;

  /** The accounts with waiting messages, with where they wait, at most `limit` from after this key. */
  abstract listWaiting(
    afterKey: string,
    limit: number,
  ): Promise<readonly (Addressee & { readonly endpoint: string | null; readonly waiting: number })[]>;

  /**
   * The account's waiting messages are given to another taker as one hint. Until that took it they may come back: nothing of
   * them is known any more, the cursor is where the page of the first one began, that of each other app `''`, and a pull
   * under way keeps nothing more.
   * @param before a cursor that is nearer to the first one than where its page began.
   * @returns how many.
   */
  abstract handOver(turn: Turn, nowMs: number, before: CursorBefore | null): Promise<number>;

  /** The account's waiting messages are for nobody: their ids stay known. @returns how many. */
  abstract discard(turn: Turn, nowMs: number): Promise<number>;

  /** Lists a page, account by account, each in its order. @param cursor of the page before; `null` for the first page. */
  abstract list(filter: MessageFilter, cursor: string | null, limit: number): Promise<MessagePage>;

  /** Sends a dead message again. @returns false when it is not there, or has no content: see `isOversized`. */
  abstract revive(account: Addressee, msgid: string, nowMs: number): Promise<boolean>;

  /** Gives a waiting or dead message up for good; its id stays known. @returns false when it is not there. */
  abstract drop(account: Addressee, msgid: string): Promise<boolean>;

  /** Waiting and dead messages, of all or of one account. */
  abstract counts(account: Addressee | null): Promise<MessageCounts>;

  /**
   * Marks as dead what waits for so long, whoever leases its account; at most some thousand.
   * @returns what this call made dead, as it was.
   */
  abstract expire(failure: Failure): Promise<readonly MessageHead[]>;

  /** Removes ids that need not be known any more, and messages that died 3 days ago; at most some thousand. */
  abstract sweep(nowMs: number): Promise<void>;
}
