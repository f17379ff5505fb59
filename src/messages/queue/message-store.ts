import {
  arrivalOf,
  isExpired,
  isOversized,
  type Message,
  MESSAGE_LIFE_MS,
  type MessageHead,
  type MessageOutcome,
  type NewMessage,
  SEEN_MS,
  toChange,
  toEntry,
  toMessage,
  toMessageHead,
  toUrgent,
  webhookIdOf,
} from '../../queue/message.js';
import { type EntryChange, type LinePlace, QueueStore } from '../../storage/queue/queue-store.js';
import {
  type Entry,
  ENTRY_STATES,
  type EntryCounts,
  type EntryFilter,
  type EntryPlace,
  type EntryState,
  type LanePage,
  type PageStart,
  type StoredState,
} from '../../storage/queue/entry.js';
import { Injectable } from '@nestjs/common';
import { isHeldBy, type Line, lineKey } from '../../storage/queue/line.js';
import type { Failure } from '../../queue/failure.js';
import { type Claimed, type DueLines, Lines, type Stepped } from '../../queue/lines.js';
import type { Bot } from '../../registry/bots/bot.js';
import { failpoint } from '../../kernel/failpoint.js';
import { newSizedLru } from '../../kernel/lru.js';
import { MessageContents } from '../../queue/message-contents.js';
import { fromCursor, toCursor } from './message-cursor.js';
import {
  candidatesOf,
  dueAtMsOf,
  holdingOf,
  isHeld,
  JOINED_MAX,
  joinedOf,
  mergeMsOf,
  NOTHING_HELD,
} from '../../queue/quick-texts.js';
import {
  isAwaited,
  isComplete,
  MESSAGE_LINES,
  type MessageLine,
  toDue,
  toReleased,
  type UnderWay,
} from '../../queue/message-line.js';
import { accountKey, type Addressee, toAddressee } from '../../kernel/account.js';

/**
 * How many messages of an account are read at once, and how many characters they may have together: contents may be
 * long.
 */
const AHEAD_MAX = 8;
const AHEAD_CHARS_MAX = 65_536;
/** Of how many accounts, with as many characters each; of more where they have less. */
const AHEAD_ACCOUNTS_MAX = 250;
/** What a message takes beside its content. */
const HEAD_CHARS = 1_000;
/** How many messages end together because they have waited for too long. */
const EXPIRED_MAX = 2_000;
/** How many accounts with waiting messages are read together. */
const ACCOUNTS_MAX = 500;
/** How many messages are looked at together as they are handed over. */
const LISTED_MAX = 1_000;
/** How many customers' first messages a probe is chosen from. */
const PROBES_MAX = 100;
/** How many customers' texts a message may pass while they are held. */
const PASSED_MAX = 100;
/** How long a change of two records may take. */
const CHANGE_MS = 10_000;
/** Decides nothing. */
const NOBODY: OrderingBot = { order: 'account' };
const ALL_LINES = { states: ['waiting', 'parked'], corpId: null } as const;

/** The bot, as far as it decides which message goes next. */
export type OrderingBot = Pick<Bot, 'order' | 'session'>;

/** Which message a turn asks for. */
export interface NextOptions {
  /** To probe the endpoint: also one that is not due. */
  readonly isProbe: boolean;
  /** Where messages of several customers are under way in this turn: their lanes. Of these nothing goes. */
  readonly beside?: ReadonlySet<string>;
  /**
   * Whether a message that goes next was certainly never sent. If it is a text, those behind it are joined to it; a text that may
   * have been sent goes alone. Left out where nothing is sent yet, and nothing is joined.
   */
  readonly isNew?: (first: Message) => boolean;
}

/** Messages that one turn has read ahead. */
interface Ahead {
  readonly leaseId: string;
  readonly messages: readonly [Message, ...Message[]];
}

/** What one pull brought. */
export interface PulledPage {
  /** Identifies the app whose cursor it is; see `PullLease.cursor`. */
  readonly appId: string;
  /** The cursor that was sent. */
  readonly from: string;
  /** WeCom's `next_cursor`; `null` where it gave none: then the last one stays. */
  readonly cursor: string | null;
  /**
   * Identifies the bot, since when it takes messages, and from when on they are for it. It differs from the last
   * page's after a change.
   */
  readonly regime: string;
  /** In WeCom's order. */
  readonly messages: readonly NewMessage[];
  /** `msgid`s of entries that are left out: they are known from now on. One that waits already stays as it is. */
  readonly skipped: readonly string[];
  /** Where these messages go: see `Turn.endpoint`. */
  readonly endpoint: string | null;
  /** How long texts are held: see `quick-texts.ts`; 0 where they are not. */
  readonly mergeMs: number;
  /** The lanes of entries that no bot gets. Their customers' texts are held no longer. */
  readonly withheldLanes: readonly string[];
  /** Whether WeCom has no further page, so that the pull is over when this one is kept. */
  readonly isLast: boolean;
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

/**
 * The right to send an account's messages, which one process has at a time: a claimed line. Its endpoint is where its messages
 * were last sent or will be sent. It is in doubt where the process of an earlier turn died before it released the turn, and no
 * turn since has found out what that one had sent: the first message may have been sent already. Only the holder of a turn begins
 * attempts, so where none is under way as it is claimed, none was begun.
 */
export type Turn = Pick<
  Claimed<MessageLine>,
  'corpId' | 'openKfId' | 'lease' | 'endpoint' | 'isInDoubt' | 'underWay'
>;

/** A message whose attempt a turn has begun. */
export interface UnderWayMessage {
  readonly underWay: UnderWay;
  readonly message: Message;
}

/** Messages that a bot took: one, or those of the page that was pulled from this cursor. */
export type TakenMessages = Addressee & ({ readonly msgid: string } | { readonly pageCursor: string });

export interface MessagePage {
  readonly messages: readonly MessageHead[];
  /** Pass it to get the next page; `null` on the last page. */
  readonly cursor: string | null;
}

/**
 * The durable queue of each account's messages, with the ids that are known. `nowMs` is always
 * store time. Methods reject with AppError `STORE_UNAVAILABLE`; a write may have happened, and is safe to repeat.
 *
 * A message is known by corp, account and `msgid` for 4 days and is kept once, however often it is given. A turn that
 * was taken over changes nothing. One that has lapsed, as in a process that was paused, is given no message until it is renewed;
 * what became of a message is stored all the same. That a bot took one needs no turn.
 */
@Injectable()
export class MessageStore {
  readonly #lines: Lines<MessageLine>;
  /** The first messages of accounts whose turn this process has, still sealed: most of them are sent one after the other. */
  readonly #ahead = newSizedLru<Ahead>(AHEAD_ACCOUNTS_MAX * AHEAD_CHARS_MAX, charsOf);
  /** Keys of messages that their bots took, until that is stored. */
  readonly #taken = new Set<string>();

  constructor(
    private readonly store: QueueStore,
    private readonly contents: MessageContents,
  ) {
    this.#lines = new Lines(store, MESSAGE_LINES);
  }

  /** Whose turn it is. Some of the accounts that are claimed may have no due message any more: `next` tells. */
  get lines(): DueLines<MessageLine> {
    return this.#lines;
  }

  // What was pulled.

  /**
   * Keeps what is new of a page, and then makes the account due. Both are durable when it resolves.
   * @param firstSeq higher than the number of every message of the account that is kept.
   * @param waitingBefore messages of the account that wait at most.
   */
  async append(
    account: Addressee,
    page: PulledPage,
    firstSeq: number,
    waitingBefore: number,
    nowMs: number,
  ): Promise<KeptPage> {
    const { mergeMs } = page;
    const start = { appId: page.appId, cursor: page.from };
    const distinct = [...new Map(page.messages.map((message) => [message.msgid, message])).values()];
    const { held, isHeldOn } = mergeMs > 0 ? holdingOf(distinct, page.withheldLanes) : NOTHING_HELD;
    await Promise.all(
      [...isHeldOn].map(([lane, isOn]) => this.#hold(account, lane, isOn ? nowMs + mergeMs : 0, nowMs)),
    );
    const messages = distinct.map((message, n) => {
      const kept = toNew(message, account, start, firstSeq + n, nowMs);
      return this.contents.seal(held.has(kept.msgid) ? { ...kept, dueAtMs: nowMs + mergeMs } : kept);
    });
    const known = page.skipped.map((msgid) => {
      const key = webhookIdOf({ ...toAddressee(account), msgid });
      return { ...toAddressee(account), key, untilMs: nowMs + SEEN_MS };
    });
    const added = await this.store.addEntries(messages.map(toEntry), known);
    failpoint('messages.kept');
    const kept = messages.filter((message) => added.has(webhookIdOf(message)));
    const dead = kept.filter((message) => message.state === 'dead').map(toHead);
    // Some of those that waited may have been taken since this pull began.
    const waiting = waitingBefore + kept.length - dead.length;
    // A page that comes again may have been kept by a process that died before it made the account due.
    if (messages.length + page.withheldLanes.length > 0 && waiting > 0) {
      this.#ahead.delete(accountKey(account));
      // Mostly nothing of the account waits.
      await this.#lines.change(account, (line) => toDue(line, account, page.endpoint, nowMs), true);
    }
    return { added: kept.length, dead, waiting };
  }

  /** Makes an account due that has messages and no line: a process may have died between the two. */
  async resume(account: Addressee, endpoint: string | null, nowMs: number): Promise<void> {
    await this.#lines.change(account, (line) => line ?? toDue(null, account, endpoint, nowMs));
  }

  /** The waiting message that came first: the one that goes first, unless that is urgent. */
  async findEarliest(account: Addressee): Promise<MessageHead | null> {
    const [urgent = null] = await this.#listHeads(waitingOf(account), 1);
    if (urgent === null || urgent.seq >= 0) return urgent;
    const [usual = null] = await this.#listHeads({ ...waitingOf(account), seqFrom: 0 }, 1);
    return usual === null || arrivalOf(urgent) < arrivalOf(usual) ? urgent : usual;
  }

  /** The message with this webhook id, if it waits. */
  async find(webhookId: string): Promise<Message | null> {
    const message = await this.#find(webhookId);
    return message?.state === 'waiting' ? this.contents.open(message) : null;
  }

  // Sending.

  /**
   * The message that goes next. With the order `account` it is the first one that waits, if that is due; it passes texts that are
   * held. With `customer`, each lane has a first message, and the first due one of these goes next. A probe takes the first one
   * even before it is due; beside others, the one that was tried the least, so that one that fails each time does not fail each
   * probe. While a message under way still waits for its pull, no other message goes, and this one only when it is due.
   * @returns `null` when nothing is due. For a text, what stands for it and those that were held with it: see `quick-texts.ts`.
   */
  async next(
    turn: Turn,
    bot: OrderingBot,
    nowMs: number,
    { isProbe, beside, isNew }: NextOptions,
  ): Promise<Message | null> {
    const held = await this.#lines.findHeld(turn, turn.lease.id, nowMs);
    // After the answer, another process may have noted the pull, so the store is asked. The answer itself may be
    // noted by a process whose turn has lapsed: if that is not seen here, the bot is told of the message once more.
    const now = held?.underWay?.isAnswered === true ? await this.#lines.find(turn) : held;
    const line = await this.#finished(now, nowMs);
    if (line === null || !isHeldBy(line, turn.lease.id, nowMs)) return null;
    for (;;) {
      const next =
        beside === undefined
          ? await this.#nextOf(line, turn, bot, nowMs, isProbe)
          : await this.#nextBeside(turn, beside, nowMs, isProbe);
      if (next === null) return null;
      if (!this.#taken.has(webhookIdOf(next))) {
        const message = this.contents.open(next);
        const mergeMs = mergeMsOf(bot);
        if (isNew === undefined || mergeMs === 0 || message.type !== 'text') return message;
        return this.#joined(turn, message, isNew(message) ? mergeMs : null, nowMs);
      }
      // Its bot took this message, and that could not be stored: without this it would be sent again and again.
      await this.#forget(next, nowMs + SEEN_MS);
    }
  }

  /**
   * Ends the lease. The account is due when its next message for this bot is due; at once if a message came
   * meanwhile. Where one is due already, accounts that have been due for longer go first. The next turn is in doubt if this one
   * still is.
   */
  async release(turn: Turn, endpoint: string | null, bot: OrderingBot | null, nowMs: number): Promise<void> {
    const line = await this.#lines.findStill(turn, turn.lease.id, nowMs);
    if (line === null) return;
    const awaited = await this.#findAwaited(line, nowMs);
    const nextDueAtMs = await this.#nextDueAtMs(turn, bot ?? NOBODY, nowMs);
    // A message that still waits for its pull holds up all others.
    const heldUpMs = Math.max(nextDueAtMs ?? 0, line.underWay?.untilMs ?? 0);
    const dueAtMs = awaited === null ? nextDueAtMs : Math.min(awaited.dueAtMs ?? heldUpMs, heldUpMs);
    const inTurnMs = dueAtMs === null ? null : Math.max(dueAtMs, nowMs);
    this.#ahead.delete(accountKey(turn));
    await this.#changeHeld(turn, (now) => toReleased(now, turn.isInDoubt, endpoint, inTurnMs, nowMs));
  }

  /**
   * A bot took the messages, whoever leases the account now: removes what they say. Their ids stay known. The line may go on to
   * name one of them as under way, which has no effect for a message that no longer waits.
   */
  async taken(taken: TakenMessages, nowMs: number): Promise<void> {
    const untilMs = nowMs + SEEN_MS;
    if ('msgid' in taken) await this.#forget(taken, untilMs);
    else await this.#forgetWaiting({ ...waitingOf(taken), pageCursor: taken.pageCursor }, taken, untilMs);
  }

  /** Stores what becomes of a message that its bot did not take. @returns whether this call did so. */
  async refused(turn: Turn, msgid: string, outcome: MessageOutcome, nowMs: number): Promise<boolean> {
    if ((await this.#lines.findStill(turn, turn.lease.id, nowMs)) === null) return false;
    this.#ahead.delete(accountKey(turn));
    const key = webhookIdOf({ ...turn, msgid });
    if (outcome.state === 'known') return this.#forgetOne(key, nowMs + SEEN_MS);
    return this.#changeOne(key, 'waiting', toChange(outcome));
  }

  // A callback bot's two halves, which may reach different processes.

  /**
   * Stores which attempt is under way, in place of the one before; `null` where none is any more.
   * @returns false when another process has taken the turn over.
   */
  async begin(turn: Turn, underWay: UnderWay | null): Promise<boolean> {
    return (await this.#changeHeld(turn, (line) => ({ ...line, underWay }))) !== null;
  }

  /** The message that is under way, even if its time is over; `null` when there is none, or when it no longer waits. */
  async findUnderWay(account: Addressee): Promise<UnderWayMessage | null> {
    const underWay = (await this.#lines.find(account))?.underWay ?? null;
    if (underWay === null || isComplete(underWay)) return null;
    const message = await this.#find(webhookIdOf({ ...account, msgid: underWay.msgid }));
    return message?.state === 'waiting' ? { underWay, message: this.contents.open(message) } : null;
  }

  /**
   * Notes one half. With both halves the message is taken, nothing is under way, and the account is due at
   * once, whoever leases it.
   * @returns `taken` when it is; `half` while the other half is missing; `gone` when this attempt is not under way any more.
   */
  async note(
    account: Addressee,
    of: Pick<UnderWay, 'msgid' | 'attempt'>,
    half: 'answered' | 'pulled',
    nowMs: number,
  ): Promise<'taken' | 'half' | 'gone'> {
    const noted = half === 'answered' ? { isAnswered: true } : { isPulled: true };
    const key = webhookIdOf({ ...account, msgid: of.msgid });
    const { after } = await this.#lines.change(account, (line) => {
      this.#taken.delete(key);
      if (line?.underWay == null || !isOf(line.underWay, of)) return line;
      const underWay = { ...line.underWay, ...noted };
      if (isComplete(underWay)) this.#taken.add(key);
      return { ...line, underWay };
    });
    if (after?.underWay == null || !isOf(after.underWay, of)) return 'gone';
    this.#ahead.delete(accountKey(account));
    if (!isComplete(after.underWay)) return 'half';
    await this.#finished(after, nowMs);
    return 'taken';
  }

  /**
   * The bot did not read the message that this attempt has noted as pulled. While the attempt is under way,
   * the message no longer counts as pulled. If the message was taken, it is stored as given, in its place
   * among the account's messages.
   * @param message as it is from now on: waiting, or dead.
   * @param endpoint where it goes if nothing else of the account waits.
   * @returns whether it had been taken.
   */
  async putBack(message: Message, attempt: number, endpoint: string | null, nowMs: number): Promise<boolean> {
    const of = { msgid: message.msgid, attempt };
    this.#taken.delete(webhookIdOf(message));
    // A process may have noted both halves, and not yet done what follows from that.
    await this.#finished(await this.#lines.find(message), nowMs);
    const { after } = await this.#lines.change(message, (line) =>
      line?.underWay != null && isOf(line.underWay, of)
        ? { ...line, underWay: { ...line.underWay, isPulled: false } }
        : line,
    );
    const isTold = after?.underWay != null && isOf(after.underWay, of);
    if (isTold && (await this.#find(webhookIdOf(message))) !== null) return false;
    if (isTold) await this.#lines.change(message, (line) => endedOf(line, of));
    const back = this.contents.seal(message);
    const dueAtMs = message.dueAtMs ?? nowMs;
    return this.#withLine(message, endpoint, nowMs, dueAtMs, () => this.#put('known', back));
  }

  // Changes from outside.

  /** Makes the account's messages due at once for this endpoint. A running lease stays. */
  async wake(account: Addressee, endpoint: string, nowMs: number): Promise<void> {
    await this.store.changeEntries({ ...waitingOf(account), dueAfterMs: nowMs }, { dueAtMs: nowMs });
    this.#ahead.delete(accountKey(account));
    await this.#lines.change(account, (line) => (line === null ? null : toDue(line, line, endpoint, nowMs)));
  }

  /** The accounts with waiting messages, and where these wait. */
  async *listAccounts(): AsyncGenerator<Addressee & Pick<MessageLine, 'endpoint'>> {
    for (let after: LinePlace | null = null; ;) {
      const page: readonly Line[] = await this.store.list(
        'messages',
        ALL_LINES,
        after,
        ACCOUNTS_MAX,
        'account',
      );
      yield* page.map(({ corpId, openKfId, endpoint }) => ({ corpId, openKfId, endpoint }));
      const last = page.at(-1);
      if (last === undefined || page.length < ACCOUNTS_MAX) return;
      after = { key: lineKey('messages', last), waitingSinceMs: last.waitingSinceMs };
    }
  }

  /**
   * Removes the account's waiting messages, which its bot does not get.
   * @param handOver where another taker gets them, and may have to pull them again: their ids are forgotten too, so that they are
   *   new when they come again. It is called with the one that came first, before any of them goes. Left out, their ids stay known.
   * @returns how many were removed.
   */
  async discard(
    turn: Turn,
    nowMs: number,
    handOver?: (first: MessageHead) => Promise<void>,
  ): Promise<number> {
    if ((await this.#lines.findHeld(turn, turn.lease.id, nowMs)) === null) return 0;
    if (handOver === undefined) return this.#forgetWaiting(waitingOf(turn), turn, nowMs + SEEN_MS);
    const first = await this.findEarliest(turn);
    if (first === null) return 0;
    await handOver(first);
    await this.store.forgetEntries({ states: ['known'], keys: await this.#listMerged(turn) }, null);
    return this.#forgetWaiting(waitingOf(turn), turn, null);
  }

  /** Lists a page, account by account, each in its order. @param cursor of the page before; `null` for the first page. */
  async list(filter: EntryFilter, cursor: string | null, limit: number): Promise<MessagePage> {
    const found = await this.#listHeads(filter, limit + 1, fromCursor(cursor));
    const messages = found.slice(0, limit);
    const last = messages.at(-1);
    const isLast = found.length <= limit || last === undefined;
    return { messages, cursor: isLast ? null : toCursor(accountKey(last), last) };
  }

  /** Sends a dead message again, to this endpoint if nothing else of the account waits. @returns false when it is not there, or has no content: see `isOversized`. */
  async replay(account: Addressee, msgid: string, endpoint: string | null, nowMs: number): Promise<boolean> {
    const key = webhookIdOf({ ...account, msgid });
    const message = await this.#find(key);
    if (message?.state !== 'dead' || isOversized(message)) return false;
    const again = { state: 'waiting', refusals: 0, step: 0, dueAtMs: nowMs } as const;
    return this.#withLine(account, endpoint, nowMs, nowMs, () => this.#changeOne(key, 'dead', again));
  }

  /** Gives a waiting or dead message up for good; its id stays known. @returns false when it is not there. */
  async drop(account: Addressee, msgid: string): Promise<boolean> {
    const key = webhookIdOf({ ...account, msgid });
    const message = await this.#find(key);
    if (message === null || !(await this.#forgetOne(key, message.storedAtMs + SEEN_MS))) return false;
    this.#ahead.delete(accountKey(account));
    // The message behind it may be due before the account is.
    await this.#lines.change(account, (line) => (line === null ? null : toDue(line, line, line.endpoint, 0)));
    return true;
  }

  /** Waiting and dead messages, of all or of one account. */
  counts(account: Addressee | null): Promise<EntryCounts> {
    return this.store.countEntries(account);
  }

  /**
   * Marks messages as dead that have waited for 3 days, whoever leases their account. Removes messages that died 3 days ago, and ids
   * that need not be known any more. At most some thousand of each.
   * @returns the messages that this call made dead, as they were before.
   */
  async clearUp(failure: Failure): Promise<readonly MessageHead[]> {
    const { atMs } = failure;
    await this.store.sweep(atMs - MESSAGE_LIFE_MS, atMs + SEEN_MS, atMs);
    const waiting = { states: ['waiting'], storedUntilMs: atMs - MESSAGE_LIFE_MS } as const;
    const old = await this.#read(toMessageHead, () =>
      this.store.listEntries(waiting, { by: 'storedAtMs', limit: EXPIRED_MAX }),
    );
    const expired = await Promise.all(
      old.map(
        async (head) =>
          isExpired(head, atMs) && (await this.#changeOne(webhookIdOf(head), 'waiting', toDead(failure))),
      ),
    );
    return old.filter((_, n) => expired[n]);
  }

  #changeHeld(
    turn: Turn,
    step: (line: MessageLine) => MessageLine | null,
  ): Promise<Stepped<MessageLine> | null> {
    return this.#lines.changeHeld(turn, turn.lease.id, step);
  }

  /**
   * Makes a message wait again, and its account due. If this process dies in between, the account is looked at within
   * `CHANGE_MS` all the same.
   * @param endpoint of an account for which nothing else waits.
   * @returns what `bringBack` gives: whether there was such a message.
   */
  async #withLine(
    account: Addressee,
    endpoint: string | null,
    nowMs: number,
    dueAtMs: number,
    bringBack: () => Promise<boolean>,
  ): Promise<boolean> {
    const soonMs = nowMs + CHANGE_MS;
    const due = (line: MessageLine | null, atMs: number): MessageLine =>
      toDue(line, account, line === null ? endpoint : line.endpoint, atMs);
    this.#ahead.delete(accountKey(account));
    await this.#lines.change(account, (line) => ({ ...due(line, soonMs), keepingUntilMs: soonMs }));
    const isBack = await bringBack();
    if (isBack) await this.#lines.change(account, (line) => due(line, dueAtMs));
    return isBack;
  }

  /** The one under way that still waits for its pull, else the first. */
  async #nextOf(
    line: MessageLine,
    turn: Turn,
    bot: OrderingBot,
    nowMs: number,
    isProbe: boolean,
  ): Promise<Message | null> {
    const awaited = await this.#findAwaited(line, nowMs);
    const isEarly = isProbe && awaited === null;
    const next = awaited ?? (await this.#firstOf(turn, bot, nowMs, isEarly));
    return next === null || (!isEarly && !isDue(next, nowMs)) ? null : next;
  }

  /** The first message of a customer who has none under way. */
  async #nextBeside(
    turn: Turn,
    without: ReadonlySet<string>,
    nowMs: number,
    isProbe: boolean,
  ): Promise<Message | null> {
    if (isProbe) return this.#leastTried(turn, without);
    return (await this.#listFirst(turn, { by: 'seq', limit: 1, dueByMs: nowMs, without }))[0] ?? null;
  }

  /** The first waiting message, by the order of the bot. @param isEarly whether it need not be due. */
  async #firstOf(turn: Turn, bot: OrderingBot, nowMs: number, isEarly: boolean): Promise<Message | null> {
    if (bot.order === 'customer') {
      const dueByMs = isEarly ? undefined : nowMs;
      return (await this.#listFirst(turn, { by: 'seq', limit: 1, dueByMs }))[0] ?? null;
    }
    if (isEarly || mergeMsOf(bot) === 0) return this.#first(turn);
    const { next } = await this.#pastHeld(turn, nowMs);
    return next === null || isWhole(next) ? next : this.#findWaiting(next);
  }

  /** The first waiting message of the account, due or not. */
  async #first(turn: Turn): Promise<Message | null> {
    // In a shared store another process may drop a message that was read ahead, or put one back before it.
    if (this.store.isShared) return (await this.#listNext(turn, 1))[0] ?? null;
    const key = accountKey(turn);
    const known = this.#ahead.get(key);
    // If they were all woken meanwhile, the turn ends and the account is due at once.
    if (known?.leaseId === turn.lease.id) return known.messages[0];
    const [first, ...others] = await this.#listNext(turn, AHEAD_MAX);
    if (first === undefined) return null;
    this.#ahead.set(key, { leaseId: turn.lease.id, messages: shortened(first, others) });
    return first;
  }

  /**
   * Joins a text with those that were held with it: see `quick-texts.ts`. Safe to repeat for each message that it gives.
   * @param mergeMs `null` only finishes what a process has begun that died meanwhile.
   * @returns what goes next: the message itself where nothing is joined to it.
   */
  async #joined(turn: Turn, next: Message, mergeMs: number | null, nowMs: number): Promise<Message> {
    const lane = await this.#listHeads({ ...waitingOf(turn), lane: next.lane }, JOINED_MAX + 1);
    const before = lane.find(({ merged }) => merged?.includes(next.msgid));
    if (before === undefined && mergeMs === null) return next;
    const others = lane.filter(({ msgid }) => msgid !== next.msgid);
    const joined = before
      ? await this.#open(before)
      : joinedOf(next, await this.#openAll(candidatesOf(next, others, mergeMs ?? 0)), mergeMs ?? 0);
    if (joined === null) return next;
    this.#ahead.delete(accountKey(turn));
    // An operator may have given up the last text meanwhile.
    if (before === undefined && !(await this.#put('waiting', this.contents.seal(joined)))) return next;
    const gone = lane.filter(({ msgid }) => msgid !== joined.msgid && joined.merged?.includes(msgid));
    for (const { msgid } of gone) await this.#forget({ ...toAddressee(turn), msgid }, nowMs + SEEN_MS);
    return joined;
  }

  /**
   * The first waiting message that is not held, and when it or one before it is due. Behind a text that is held, its
   * customer has only others that are.
   */
  async #pastHeld(turn: Turn, nowMs: number) {
    const first = await this.#first(turn);
    // Mostly nothing is held.
    if (first === null || !isHeld(first, nowMs)) return { next: first, dueAtMs: first?.dueAtMs ?? null };
    const firsts = await this.#listFirstHeads(turn, PASSED_MAX);
    const n = firsts.findIndex((message) => !isHeld(message, nowMs));
    const passed = n < 0 ? firsts : firsts.slice(0, n + 1);
    const dueAtMs = passed.length === 0 ? null : Math.min(...passed.map((message) => message.dueAtMs ?? 0));
    return { next: firsts[n] ?? null, dueAtMs };
  }

  async #nextDueAtMs(turn: Turn, bot: OrderingBot, nowMs: number): Promise<number | null> {
    if (bot.order === 'account') {
      if (mergeMsOf(bot) > 0) return (await this.#pastHeld(turn, nowMs)).dueAtMs;
      return (await this.#listHeads(waitingOf(turn), 1))[0]?.dueAtMs ?? null;
    }
    const page = { by: 'dueAtMs', limit: 1 } as const;
    return (
      (await this.#read(toMessageHead, () => this.store.listFirstOfLanes(turn, page)))[0]?.dueAtMs ?? null
    );
  }

  /** Holds the texts of a lane on, since another one comes. @param untilMs 0 where they are due. */
  async #hold(account: Addressee, lane: string, untilMs: number, nowMs: number): Promise<void> {
    const waiting = await this.#listHeads({ ...waitingOf(account), lane }, JOINED_MAX);
    const held = waiting.filter((message) => isHeld(message, nowMs));
    const isFull = held.length >= JOINED_MAX - 1;
    await Promise.all(
      held.map((message) => {
        const dueAtMs = isFull ? message.storedAtMs : dueAtMsOf(message, untilMs);
        return this.#changeOne(webhookIdOf(message), 'waiting', { dueAtMs });
      }),
    );
    this.#ahead.delete(accountKey(account));
  }

  /** Of the first messages of lanes, due or not. */
  async #leastTried(account: Addressee, without: ReadonlySet<string>): Promise<Message | null> {
    const firsts = await this.#listFirstHeads(account, PROBES_MAX + without.size);
    const others = firsts.filter(({ lane }) => !without.has(lane));
    const [least] = others.toSorted((a, b) => a.attempts - b.attempts);
    return least === undefined ? null : this.#findWaiting(least);
  }

  /** With its content, still sealed; `null` where it does not wait any more. */
  async #findWaiting(head: MessageHead): Promise<Message | null> {
    const message = await this.#find(webhookIdOf(head));
    return message?.state === 'waiting' ? message : null;
  }

  async #open(head: MessageHead): Promise<Message | null> {
    const message = await this.#findWaiting(head);
    return message === null ? null : this.contents.open(message);
  }

  /** In their order, up to the first one that does not wait any more. */
  async #openAll(heads: readonly MessageHead[]): Promise<readonly Message[]> {
    const opened = await Promise.all(heads.map((head) => this.#open(head)));
    const gone = opened.indexOf(null);
    return opened.slice(0, gone < 0 ? undefined : gone).filter((message) => message !== null);
  }

  /** The keys of the texts that waiting messages were joined from. */
  async #listMerged({ corpId, openKfId }: Addressee): Promise<readonly string[]> {
    const keys: string[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await this.list({ states: ['waiting'], corpId, openKfId }, cursor, LISTED_MAX);
      for (const { merged = [] } of page.messages)
        keys.push(...merged.map((msgid) => webhookIdOf({ corpId, openKfId, msgid })));
      ({ cursor } = page);
      if (cursor === null) return keys;
    }
  }

  async #findAwaited({ underWay, ...account }: MessageLine, nowMs: number): Promise<Message | null> {
    if (underWay === null || !isAwaited(underWay, nowMs)) return null;
    const message = await this.#find(webhookIdOf({ ...account, msgid: underWay.msgid }));
    return message?.state === 'waiting' ? message : null;
  }

  /** Does what follows from both halves, in case a process died before it did. @returns the line afterwards. */
  async #finished(line: MessageLine | null, nowMs: number): Promise<MessageLine | null> {
    const underWay = line?.underWay ?? null;
    if (line === null || underWay === null || !isComplete(underWay)) return line;
    await this.#forget({ ...toAddressee(line), msgid: underWay.msgid }, nowMs + SEEN_MS);
    const { after } = await this.#lines.change(line, (now) =>
      now?.underWay != null && isOf(now.underWay, underWay)
        ? toDue({ ...now, underWay: null }, now, now.endpoint, nowMs)
        : now,
    );
    return after;
  }

  async #forget(message: Addressee & Pick<Message, 'msgid'>, untilMs: number): Promise<void> {
    const key = webhookIdOf(message);
    this.#taken.add(key);
    await this.#forgetOne(key, untilMs);
    this.#taken.delete(key);
    this.#passed(message);
  }

  #forgetWaiting(which: EntryFilter, account: Addressee, untilMs: number | null): Promise<number> {
    this.#ahead.delete(accountKey(account));
    return this.store.forgetEntries(which, untilMs);
  }

  // Rows.

  /** With its content, still sealed. @returns `null` when it neither waits nor is dead. */
  async #find(key: string): Promise<Message | null> {
    const filter = { states: ENTRY_STATES, keys: [key] };
    const page = { by: 'place', limit: 1, withContent: true } as const;
    return (await this.#read(toMessage, () => this.store.listEntries(filter, page)))[0] ?? null;
  }

  /** The first waiting messages of the account, in their order, still sealed. */
  #listNext(account: Addressee, limit: number): Promise<readonly Message[]> {
    this.store.requireRoom('outcomes');
    const page = { by: 'place', limit, withContent: true } as const;
    return this.#read(toMessage, () => this.store.listEntries(waitingOf(account), page));
  }

  /** The first waiting message of each lane, still sealed. */
  #listFirst(account: Addressee, page: LanePage): Promise<readonly Message[]> {
    this.store.requireRoom('outcomes');
    return this.#read(toMessage, () => this.store.listFirstOfLanes(account, { ...page, withContent: true }));
  }

  #listFirstHeads(account: Addressee, limit: number): Promise<readonly MessageHead[]> {
    this.store.requireRoom('outcomes');
    return this.#read(toMessageHead, () => this.store.listFirstOfLanes(account, { by: 'seq', limit }));
  }

  #listHeads(filter: EntryFilter, limit: number, after?: EntryPlace): Promise<readonly MessageHead[]> {
    const page = { by: 'place', limit, ...(after !== undefined && { after }) } as const;
    return this.#read(toMessageHead, () => this.store.listEntries(filter, page));
  }

  /** Sets aside what cannot be read, and reads again, so that the page is as long as it can be. */
  async #read<T>(
    fromEntry: (entry: Entry) => T | null,
    list: () => Promise<readonly Entry[]>,
  ): Promise<readonly T[]> {
    for (;;) {
      const entries = await list();
      const read = entries.map(fromEntry);
      const unreadable = entries.filter((_, n) => read[n] === null);
      if (unreadable.length === 0) return read.filter((one) => one !== null);
      for (const entry of unreadable) await this.store.setAside(entry);
    }
  }

  async #changeOne(key: string, state: EntryState, change: EntryChange): Promise<boolean> {
    return (await this.store.changeEntries({ states: [state], keys: [key] }, change)) === 1;
  }

  /** Stores the message in place of what has this state under its id. */
  async #put(state: StoredState, message: Message): Promise<boolean> {
    const { key, ...whole } = toEntry(message);
    return (await this.store.changeEntries({ states: [state], keys: [key] }, whole)) === 1;
  }

  async #forgetOne(key: string, untilMs: number): Promise<boolean> {
    return (await this.store.forgetEntries({ states: ENTRY_STATES, keys: [key] }, untilMs)) === 1;
  }

  /** Takes a message out of those that were read ahead. The others are still as they were read. */
  #passed(message: Addressee & Pick<Message, 'msgid'>): void {
    const key = accountKey(message);
    const { leaseId = '', messages = [] } = this.#ahead.get(key) ?? {};
    const [first, ...others] = messages.filter(({ msgid }) => msgid !== message.msgid);
    if (first !== undefined) this.#ahead.set(key, { leaseId, messages: [first, ...others] });
    else this.#ahead.delete(key);
  }
}

/** As a new message is kept: it waits and is due, or is dead. */
function toNew(
  { failure, isUrgent, isText: _isText, ...message }: NewMessage,
  account: Addressee,
  page: PageStart,
  seq: number,
  nowMs: number,
): Message {
  return {
    ...message,
    ...toAddressee(account),
    ...{ page, seq: isUrgent ? toUrgent(seq) : seq, storedAtMs: nowMs, attempts: 0, refusals: 0, step: 0 },
    state: failure === undefined ? 'waiting' : 'dead',
    dueAtMs: failure === undefined ? nowMs : null,
    lastFailure: failure ?? null,
  };
}

function waitingOf({ corpId, openKfId }: Addressee): EntryFilter {
  return { states: ['waiting'], corpId, openKfId };
}

function toHead({ content: _content, ...head }: Message): MessageHead {
  return head;
}

function isWhole(message: Message | MessageHead): message is Message {
  return 'content' in message;
}

function toDead(lastFailure: Failure) {
  return { state: 'dead', dueAtMs: null, lastFailure } as const;
}

function isOf(underWay: UnderWay, { msgid, attempt }: Pick<UnderWay, 'msgid' | 'attempt'>): boolean {
  return underWay.msgid === msgid && underWay.attempt === attempt;
}

/** The line once this attempt is over. */
function endedOf(line: MessageLine | null, of: Pick<UnderWay, 'msgid' | 'attempt'>): MessageLine | null {
  return line?.underWay != null && isOf(line.underWay, of) ? { ...line, underWay: null } : line;
}

function isDue({ dueAtMs }: MessageHead, nowMs: number): boolean {
  return dueAtMs !== null && dueAtMs <= nowMs;
}

function charsOf({ messages }: Ahead): number {
  return messages.reduce((sum, { content }) => sum + HEAD_CHARS + content.reveal().length, 0);
}

/** The first message, and those behind it, as long as they are not too long together. */
function shortened(first: Message, others: readonly Message[]): Ahead['messages'] {
  let chars = first.content.reveal().length;
  return [first, ...others.filter(({ content }) => (chars += content.reveal().length) <= AHEAD_CHARS_MAX)];
}
