import { Injectable } from '@nestjs/common';
import { accountKey, type Addressee, toAddressee } from '../kernel/account.js';
import { failpoint } from '../kernel/failpoint.js';
import { WakeUp } from '../kernel/wake-up.js';
import { type EntryCounts, type EntryFilter, type EntryPlace } from '../storage/queue/entry.js';
import { isHeldBy, type Line, lineKey } from '../storage/queue/line.js';
import { type LinePlace, QueueStore } from '../storage/queue/queue-store.js';
import type { Failure } from './failure.js';
import { type ClaimedLine, type DueLines, Lines } from './lines.js';
import { MessageContents } from './message-contents.js';
import {
  type AttemptName,
  type Half,
  isAwaited,
  isComplete,
  isUnderWay,
  MESSAGE_LINES,
  type MessageLine,
  toDue,
  toIdle,
  toReleased,
  type UnderWay,
  withHalf,
} from './message-line.js';
import { type MessageOutcome, toChange } from './message-outcome.js';
import { MessageRows, waitingOf } from './message-rows.js';
import {
  arrivalOf,
  isDue,
  isExpired,
  isOversized,
  type Message,
  MESSAGE_LIFE_MS,
  type MessageHead,
  type NewMessage,
  SEEN_MS,
  toEntry,
  toHead,
  toNew,
  webhookIdOf,
} from './message.js';
import { NextMessages, type OrderingBot } from './next-messages.js';
import {
  candidatesOf,
  dueAtMsOf,
  holdingOf,
  isHeld,
  JOINED_MAX,
  joinedOf,
  mergeMsOf,
  NOTHING_HELD,
} from './quick-texts.js';

/** How many messages end together because they have waited for too long. */
const EXPIRED_MAX = 2_000;
/** How many accounts with waiting messages are read together. */
const ACCOUNTS_MAX = 500;
/** How many messages are looked at together as they are handed over. */
const LISTED_MAX = 1_000;
/** How long a change of two records may take. */
const CHANGE_MS = 10_000;
/** Decides nothing. */
const NOBODY: OrderingBot = { order: 'account' };
const ALL_LINES = { states: ['waiting', 'parked'], corpId: null } as const;

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

/** Messages that WeCom gave together. */
export interface NewPage {
  /** Identifies the app whose cursor it is; see `PullLease.cursor`. */
  readonly appId: string;
  /** The cursor that was sent. */
  readonly from: string;
  /** In WeCom's order. */
  readonly messages: readonly NewMessage[];
  /** `msgid`s of entries that are left out: they are known from now on. One that waits already stays as it is. */
  readonly skipped: readonly string[];
  /** Where these messages go: see `Turn`. */
  readonly endpoint: string | null;
  /** How long texts are held: see `quick-texts.ts`; 0 where they are not. */
  readonly mergeMs: number;
  /** The lanes of entries that no bot gets. Their customers' texts are held no longer. */
  readonly withheldLanes: readonly string[];
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
export type Turn = ClaimedLine<MessageLine>;

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
export class MessageQueue {
  /** Wakes the loop that sends the messages: it is called when an account is due, which may be without a message. */
  readonly added = new WakeUp();
  readonly #lines: Lines<MessageLine>;
  readonly #rows: MessageRows;
  readonly #next: NextMessages;
  /** Keys of messages that their bots took, until that is stored. */
  readonly #taken = new Set<string>();

  constructor(
    private readonly store: QueueStore,
    private readonly contents: MessageContents,
  ) {
    this.#lines = new Lines(store, MESSAGE_LINES);
    this.#rows = new MessageRows(store);
    this.#next = new NextMessages(this.#rows, !store.isShared);
  }

  /** Whose turn it is. Some of the accounts that are claimed may have no due message any more: `next` tells. */
  get lines(): DueLines<MessageLine> {
    return this.#lines;
  }

  /**
   * Keeps what is new of a page, and then makes the account due. Both are durable when it resolves.
   * @param firstSeq higher than the number of every message of the account that is kept.
   * @param waitingBefore messages of the account that wait at most.
   */
  async append(
    account: Addressee,
    page: NewPage,
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
    const dead = kept.filter(({ state }) => state === 'dead').map(toHead);
    // Some of those that waited may have been taken since this pull began.
    const waiting = waitingBefore + kept.length - dead.length;
    // A page that comes again may have been kept by a process that died before it made the account due.
    if (messages.length + page.withheldLanes.length > 0 && waiting > 0) {
      this.#next.changed(account);
      // Mostly nothing of the account waits.
      await this.#lines.change(account, (line) => toDue(line, account, page.endpoint, nowMs), true);
      this.added.wakeUp();
    }
    return { added: kept.length, dead, waiting };
  }

  /** Makes an account due that has messages and no line: a process may have died between the two. */
  async resume(account: Addressee, endpoint: string | null, nowMs: number): Promise<void> {
    await this.#lines.change(account, (line) => line ?? toDue(null, account, endpoint, nowMs));
  }

  /** The waiting message that came first: the one that goes first, unless that is urgent. */
  async findEarliest(account: Addressee): Promise<MessageHead | null> {
    const [urgent = null] = await this.#rows.listHeads(waitingOf(account), 1);
    if (urgent === null || urgent.seq >= 0) return urgent;
    const [usual = null] = await this.#rows.listHeads({ ...waitingOf(account), seqFrom: 0 }, 1);
    return usual === null || arrivalOf(urgent) < arrivalOf(usual) ? urgent : usual;
  }

  /** The message with this webhook id, if it waits. */
  async find(webhookId: string): Promise<Message | null> {
    const message = await this.#rows.findWaiting(webhookId);
    return message === null ? null : this.contents.open(message);
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
      // On a full disk it could not be stored that a bot took it, and it would be sent again and again.
      this.store.requireRoom('outcomes');
      const next = await this.#nextOf(line, turn, bot, nowMs, isProbe, beside);
      if (next === null) return null;
      if (!this.#taken.has(webhookIdOf(next))) {
        const message = this.contents.open(next);
        const mergeMs = mergeMsOf(bot);
        if (isNew === undefined || mergeMs === 0 || message.type !== 'text') return message;
        return this.#joined(turn, message, isNew(message) ? mergeMs : null, nowMs);
      }
      // Its bot took this message, and that could not be stored.
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
    const nextDueAtMs = await this.#next.dueAtMs(turn, bot ?? NOBODY, nowMs);
    // A message that still waits for its pull holds up all others.
    const heldUpMs = Math.max(nextDueAtMs ?? 0, line.underWay?.untilMs ?? 0);
    const dueAtMs = awaited === null ? nextDueAtMs : Math.min(awaited.dueAtMs ?? heldUpMs, heldUpMs);
    const inTurnMs = dueAtMs === null ? null : Math.max(dueAtMs, nowMs);
    this.#next.changed(turn);
    await this.#lines.changeHeld(turn, turn.lease.id, (now) =>
      toReleased(now, turn.isInDoubt, endpoint, inTurnMs, nowMs),
    );
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
    this.#next.changed(turn);
    const key = webhookIdOf({ ...turn, msgid });
    const change = toChange(outcome);
    if (change === null) return this.#rows.forget(key, nowMs + SEEN_MS);
    return this.#rows.change(key, 'waiting', change);
  }

  // A callback bot's two halves, which may reach different processes.

  /**
   * Stores which attempt is under way, in place of the one before; `null` where none is any more.
   * @returns false when another process has taken the turn over.
   */
  async begin(turn: Turn, underWay: UnderWay | null): Promise<boolean> {
    return (await this.#lines.changeHeld(turn, turn.lease.id, (line) => ({ ...line, underWay }))) !== null;
  }

  /** The message that is under way, even if its time is over; `null` when there is none, or when it no longer waits. */
  async findUnderWay(account: Addressee): Promise<UnderWayMessage | null> {
    const underWay = (await this.#lines.find(account))?.underWay ?? null;
    if (underWay === null || isComplete(underWay)) return null;
    const message = await this.find(webhookIdOf({ ...account, msgid: underWay.msgid }));
    return message === null ? null : { underWay, message };
  }

  /**
   * Notes one half. With both halves the message is taken, nothing is under way, and the account is due at
   * once, whoever leases it.
   * @returns `taken` when it is; `half` while the other half is missing; `gone` when this attempt is not under way any more.
   */
  async note(
    account: Addressee,
    of: AttemptName,
    half: Half,
    nowMs: number,
  ): Promise<'taken' | 'half' | 'gone'> {
    const key = webhookIdOf({ ...account, msgid: of.msgid });
    const { after } = await this.#lines.change(account, (line) => {
      const noted = withHalf(line, of, half, true);
      const isTaken = isUnderWay(noted, of) && isComplete(noted.underWay);
      this.#taken[isTaken ? 'add' : 'delete'](key);
      return noted;
    });
    if (!isUnderWay(after, of)) return 'gone';
    this.#next.changed(account);
    if (!isComplete(after.underWay)) return 'half';
    await this.#finished(after, nowMs);
    this.added.wakeUp();
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
    const { after } = await this.#lines.change(message, (line) => withHalf(line, of, 'pulled', false));
    const isTold = isUnderWay(after, of);
    if (isTold && (await this.#rows.find(webhookIdOf(message))) !== null) return false;
    if (isTold) await this.#lines.change(message, (line) => (isUnderWay(line, of) ? toIdle(line) : line));
    const back = this.contents.seal(message);
    const dueAtMs = message.dueAtMs ?? nowMs;
    return this.#withLine(message, endpoint, nowMs, dueAtMs, () => this.#rows.put('known', back));
  }

  // Changes from outside.

  /** Makes the account's messages due at once for this endpoint. A running lease stays. */
  async wake(account: Addressee, endpoint: string, nowMs: number): Promise<void> {
    await this.store.changeEntries({ ...waitingOf(account), dueAfterMs: nowMs }, { dueAtMs: nowMs });
    this.#next.changed(account);
    await this.#lines.change(account, (line) => (line === null ? null : toDue(line, line, endpoint, nowMs)));
    this.added.wakeUp();
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
   * @param handOver where another recipient gets them, and may have to pull them again: their ids are forgotten too, so that they are
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
    const found = await this.#rows.listHeads(filter, limit + 1, fromCursor(cursor));
    const messages = found.slice(0, limit);
    const last = messages.at(-1);
    const isLast = found.length <= limit || last === undefined;
    return { messages, cursor: isLast ? null : toCursor(accountKey(last), last) };
  }

  /** Sends a dead message again, to this endpoint if nothing else of the account waits. @returns false when it is not there, or has no content: see `isOversized`. */
  async replay(account: Addressee, msgid: string, endpoint: string | null, nowMs: number): Promise<boolean> {
    const key = webhookIdOf({ ...account, msgid });
    const message = await this.#rows.find(key);
    if (message?.state !== 'dead' || isOversized(message)) return false;
    const again = { state: 'waiting', refusals: 0, step: 0, dueAtMs: nowMs } as const;
    return this.#withLine(account, endpoint, nowMs, nowMs, () => this.#rows.change(key, 'dead', again));
  }

  /** Gives a waiting or dead message up for good; its id stays known. @returns false when it is not there. */
  async drop(account: Addressee, msgid: string): Promise<boolean> {
    const key = webhookIdOf({ ...account, msgid });
    const message = await this.#rows.find(key);
    if (message === null || !(await this.#rows.forget(key, message.storedAtMs + SEEN_MS))) return false;
    this.#next.changed(account);
    // The message behind it may be due before the account is.
    await this.#lines.change(account, (line) => (line === null ? null : toDue(line, line, line.endpoint, 0)));
    this.added.wakeUp();
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
    const old = await this.#rows.listOldest(atMs - MESSAGE_LIFE_MS, EXPIRED_MAX);
    const dead = { state: 'dead', dueAtMs: null, lastFailure: failure } as const;
    const bury = async (head: MessageHead): Promise<boolean> =>
      isExpired(head, atMs) && (await this.#rows.change(webhookIdOf(head), 'waiting', dead));
    const expired = await Promise.all(old.map(bury));
    return old.filter((_, n) => expired[n]);
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
    this.#next.changed(account);
    await this.#lines.change(account, (line) => ({ ...due(line, soonMs), keepingUntilMs: soonMs }));
    const isBack = await bringBack();
    if (!isBack) return false;
    await this.#lines.change(account, (line) => due(line, dueAtMs));
    this.added.wakeUp();
    return true;
  }

  /** The one under way that still waits for its pull, else the first. */
  async #nextOf(
    line: MessageLine,
    turn: Turn,
    bot: OrderingBot,
    nowMs: number,
    isProbe: boolean,
    beside: ReadonlySet<string> | undefined,
  ): Promise<Message | null> {
    if (beside !== undefined)
      return isProbe ? this.#next.findProbeBeside(turn, beside) : this.#next.findBeside(turn, beside, nowMs);
    const awaited = await this.#findAwaited(line, nowMs);
    if (awaited === null) return this.#next.find(turn, bot, nowMs, isProbe);
    return isDue(awaited, nowMs) ? awaited : null;
  }

  /**
   * Joins a text with those that were held with it: see `quick-texts.ts`. Safe to repeat for each message that it gives.
   * @param mergeMs `null` only finishes what a process has begun that died meanwhile.
   * @returns what goes next: the message itself where nothing is joined to it.
   */
  async #joined(turn: Turn, next: Message, mergeMs: number | null, nowMs: number): Promise<Message> {
    const lane = await this.#rows.listHeads({ ...waitingOf(turn), lane: next.lane }, JOINED_MAX + 1);
    const before = lane.find(({ merged }) => merged?.includes(next.msgid));
    if (before === undefined && mergeMs === null) return next;
    const others = lane.filter(({ msgid }) => msgid !== next.msgid);
    const joined = before
      ? await this.find(webhookIdOf(before))
      : joinedOf(next, await this.#openAll(candidatesOf(next, others, mergeMs ?? 0)), mergeMs ?? 0);
    if (joined === null) return next;
    this.#next.changed(turn);
    // An operator may have given up the last text meanwhile.
    if (before === undefined && !(await this.#rows.put('waiting', this.contents.seal(joined)))) return next;
    const gone = lane.filter(({ msgid }) => msgid !== joined.msgid && joined.merged?.includes(msgid));
    for (const { msgid } of gone) await this.#forget({ ...toAddressee(turn), msgid }, nowMs + SEEN_MS);
    return joined;
  }

  /** Holds the texts of a lane on, since another one comes. @param untilMs 0 where they are due. */
  async #hold(account: Addressee, lane: string, untilMs: number, nowMs: number): Promise<void> {
    const waiting = await this.#rows.listHeads({ ...waitingOf(account), lane }, JOINED_MAX);
    const held = waiting.filter((message) => isHeld(message, nowMs));
    const isFull = held.length >= JOINED_MAX - 1;
    await Promise.all(
      held.map((message) => {
        const dueAtMs = isFull ? message.storedAtMs : dueAtMsOf(message, untilMs);
        return this.#rows.change(webhookIdOf(message), 'waiting', { dueAtMs });
      }),
    );
    this.#next.changed(account);
  }

  /** In their order, up to the first one that does not wait any more. */
  async #openAll(heads: readonly MessageHead[]): Promise<readonly Message[]> {
    const opened = await Promise.all(heads.map((head) => this.find(webhookIdOf(head))));
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
    return this.#rows.findWaiting(webhookIdOf({ ...account, msgid: underWay.msgid }));
  }

  /** Does what follows from both halves, in case a process died before it did. @returns the line afterwards. */
  async #finished(line: MessageLine | null, nowMs: number): Promise<MessageLine | null> {
    const underWay = line?.underWay ?? null;
    if (line === null || underWay === null || !isComplete(underWay)) return line;
    await this.#forget({ ...toAddressee(line), msgid: underWay.msgid }, nowMs + SEEN_MS);
    const { after } = await this.#lines.change(line, (now) =>
      isUnderWay(now, underWay) ? toDue(toIdle(now), now, now.endpoint, nowMs) : now,
    );
    return after;
  }

  async #forget(message: Addressee & Pick<Message, 'msgid'>, untilMs: number): Promise<void> {
    const key = webhookIdOf(message);
    this.#taken.add(key);
    await this.#rows.forget(key, untilMs);
    this.#taken.delete(key);
    this.#next.gone(message);
  }

  #forgetWaiting(which: EntryFilter, account: Addressee, untilMs: number | null): Promise<number> {
    this.#next.changed(account);
    return this.store.forgetEntries(which, untilMs);
  }
}

const CURSOR = /^(-?\d{1,16}) (.*)$/s;

/** Before every message. */
const START: EntryPlace = { account: '', seq: 0 };

function toCursor(account: string, { seq }: Pick<MessageHead, 'seq'>): string {
  return `${seq} ${account}`;
}

/** @returns the beginning for `null`, and for a text that is no cursor. */
function fromCursor(cursor: string | null): EntryPlace {
  const [, seq, account] = CURSOR.exec(cursor ?? '') ?? [];
  return seq === undefined || account === undefined ? START : { account, seq: Number(seq) };
}
