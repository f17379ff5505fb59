import { randomUUID } from 'node:crypto';
import SortedTree from 'sorted-btree';
import { DueQueues } from '../dispatch/outbox/due-queues.js';
import type { Failure } from '../dispatch/outbox/hint.js';
import { failpoint } from '../kernel/failpoint.js';
import type { Addressee } from '../registry/destination.js';
import { accountKey } from '../registry/puppet.js';
import type { OwnPull } from '../wecom/proxy/queued-messages.js';
import {
  type Message,
  isExpired,
  isOversized,
  MESSAGE_LIFE_MS,
  type MessageHead,
  type MessageOrder,
  SEEN_MS,
  webhookIdOf,
} from './message.js';
import { fromCursor, toCursor } from './message-cursor.js';
import {
  beforeMoves,
  cursorBefore,
  isInVain,
  isPulled,
  type MessageAccount,
  MessageQueue,
  newAccount,
  toAddressee,
  withMove,
} from './message-queue.js';
import { type MessageRecords, toMessage } from './message-records.js';
import {
  type CursorBefore,
  type DeadMessage,
  type KeptPage,
  type MessageCounts,
  type MessageFilter,
  type MessagePage,
  MessageStore,
  type PulledPage,
  type PullLease,
  type RefusedMessage,
  type Turn,
  type UnderWay,
} from './message-store.js';

// The package is CommonJS and has no named exports.
const { default: BTree } = SortedTree;

/** The queue of accounts that nobody takes messages of; no endpoint equals it. */
const NO_ENDPOINT = '';
const SWEEP_MAX = 1_000;

/**
 * The messages of one process. Everything that is searched is in memory; what messages say stays in the store. Leases
 * are only in memory, since they end with the process.
 */
export class LocalMessageStore extends MessageStore {
  override readonly isShared: boolean = false;
  readonly #records: MessageRecords;
  readonly #queues = new BTree<string, MessageQueue>(undefined, byText);
  /** When accounts with waiting messages may be claimed, by endpoint. */
  readonly #due = new DueQueues();
  readonly #listed = new Map<MessageQueue, { readonly endpoint: string; readonly atMs: number }>();
  readonly #byEndpoint = new Map<string, Set<MessageQueue>>();
  /** Keys of messages whose removal is being written: until it ends, the store does not know their ids. */
  readonly #leaving = new Set<string>();
  /** Keys of messages that their bots took, where that could not be written. */
  readonly #taken = new Set<string>();
  #probes = 0;

  /** @param accounts @param heads what the records hold. */
  constructor(
    records: MessageRecords,
    accounts: Iterable<MessageAccount> = [],
    heads: Iterable<MessageHead> = [],
  ) {
    super();
    this.#records = records;
    for (const account of accounts) this.#add(new MessageQueue(account));
    for (const head of heads) this.#load(head);
    for (const queue of this.#queues.values()) this.#list(queue);
  }

  override async beginPull(
    account: Addressee,
    appId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<PullLease | null> {
    const queue = this.#queues.get(accountKey(account)) ?? this.#add(new MessageQueue(newAccount(account)));
    if (queue.pull !== null && queue.pull.untilMs > nowMs) return null;
    queue.pull = { id: randomUUID(), untilMs: nowMs + leaseMs };
    const { cursors, regime, mover, coveredUntilMs } = queue.stored;
    const cursor = cursors[appId] ?? null;
    const isFromTaker = mover?.appId === appId && cursor !== '';
    const waiting = queue.count('waiting');
    return { id: queue.pull.id, cursor, regime, coveredUntilMs, isFromTaker, waiting };
  }

  override async keep(
    account: Addressee,
    leaseId: string,
    page: PulledPage,
    nowMs: number,
    leaseMs: number,
  ): Promise<KeptPage | null> {
    const queue = this.#queues.get(accountKey(account));
    const kept = await queue?.oneAtATime(async () => {
      if (queue.pull?.id !== leaseId || queue.pull.untilMs <= nowMs) return null;
      return this.#keep(queue, page, nowMs);
    });
    if (queue === undefined || kept == null) return null;
    if (queue.pull?.id === leaseId) queue.pull = { id: leaseId, untilMs: nowMs + leaseMs };
    const dead = kept.filter(({ state }) => state === 'dead');
    return { added: kept.length, dead, waiting: queue.count('waiting') };
  }

  override async endPull(account: Addressee, leaseId: string): Promise<void> {
    const queue = this.#queues.get(accountKey(account));
    if (queue?.pull?.id === leaseId) queue.pull = null;
  }

  override async findCursor(account: Addressee, appId: string): Promise<string> {
    const queue = this.#queues.get(accountKey(account));
    // Not while messages are handed over, which takes the cursor back.
    const found = queue?.oneAtATime(async () => {
      const first = queue.firstWaiting();
      return first === null ? (queue.stored.cursors[appId] ?? '') : cursorBefore(first, appId);
    });
    return (await found) ?? '';
  }

  override async moveCursor(account: Addressee, pull: OwnPull, nowMs: number): Promise<void> {
    const { appId, takerId, from, cursor, isAll } = pull;
    const queue = this.#queues.get(accountKey(account)) ?? this.#add(new MessageQueue(newAccount(account)));
    await queue.oneAtATime(async () => {
      const { stored } = queue;
      if (isInVain(pull, stored.wentBackUntilMs)) return;
      const moved = {
        ...stored,
        cursors: { ...stored.cursors, [appId]: cursor },
        mover: { takerId, appId },
        moves: withMove(stored.moves, { appId, from, atMs: nowMs }),
      };
      const first = queue.firstWaiting();
      const hasAll = isAll && first !== null && cursorBefore(first, appId) === from;
      if (hasAll) queue.pull = null;
      const given = hasAll ? [...queue.ofState('waiting')].filter(({ page }) => page.cursor === from) : [];
      await this.#forget(queue, given, nowMs + SEEN_MS, moved);
    });
  }

  override async goBack(account: Addressee, sinceMs: number, untilMs: number): Promise<void> {
    await this.#changeAccount(account, (stored) => {
      const { cursors, moves } = beforeMoves(stored.moves, sinceMs);
      const wentBackUntilMs = Math.max(untilMs, stored.wentBackUntilMs);
      return {
        ...stored,
        cursors: { ...stored.cursors, ...Object.fromEntries(cursors) },
        moves,
        wentBackUntilMs,
      };
    });
  }

  override async cover(account: Addressee, untilMs: number, takerId: string | null): Promise<void> {
    if (!this.#queues.has(accountKey(account))) return;
    await this.#changeAccount(account, (stored) => {
      if (!isPulled(stored) || stored.coveredUntilMs >= untilMs) return null;
      const mover = stored.mover?.takerId === takerId ? stored.mover : null;
      return { ...stored, coveredUntilMs: untilMs, mover };
    });
  }

  override async beginAt(account: Addressee, fromMs: number): Promise<void> {
    await this.#changeAccount(account, (stored) =>
      isPulled(stored) || stored.coveredUntilMs > 0 ? null : { ...stored, coveredUntilMs: fromMs },
    );
  }

  override async listAccounts(): Promise<readonly Addressee[]> {
    const pulled = [...this.#queues.values()].filter(({ stored }) => isPulled(stored));
    return pulled.map(({ stored }) => toAddressee(stored));
  }

  override async pulledAtMs(account: Addressee): Promise<number> {
    return this.#queues.get(accountKey(account))?.stored.pulledAtMs ?? 0;
  }

  override async claimDue(
    nowMs: number,
    limit: number,
    leaseMs: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly Turn[]> {
    const due: MessageQueue[] = [];
    for (const [atMs, key] of this.#due.except(withNobody(exceptEndpoints))) {
      if (atMs > nowMs || due.length >= limit) break;
      const queue = this.#queues.get(key);
      if (queue !== undefined) due.push(queue);
    }
    if (due.length > 0) this.#records.requireWritable();
    return due.map((queue) => this.#claim(queue, nowMs, leaseMs));
  }

  override async claimOldest(endpoint: string, nowMs: number, leaseMs: number): Promise<Turn | null> {
    let oldest: MessageQueue | null = null;
    for (const queue of this.#byEndpoint.get(endpoint) ?? []) {
      if (queue.turn !== null && queue.turn.untilMs > nowMs) continue;
      if (oldest === null || queue.probe < oldest.probe) oldest = queue;
    }
    if (oldest === null) return null;
    this.#records.requireWritable();
    oldest.probe = ++this.#probes;
    return this.#claim(oldest, nowMs, leaseMs);
  }

  override nextClaimableAtMs(exceptEndpoints: ReadonlySet<string>): number | null {
    for (const [atMs] of this.#due.except(withNobody(exceptEndpoints))) return atMs;
    return null;
  }

  override async renew(turn: Turn, nowMs: number, leaseMs: number): Promise<boolean> {
    const queue = this.#held(turn, nowMs);
    if (queue === null) return false;
    this.#change(queue, () => {
      queue.turn = { id: turn.leaseId, untilMs: nowMs + leaseMs };
    });
    return true;
  }

  override async next(
    turn: Turn,
    order: MessageOrder,
    nowMs: number,
    isProbe: boolean,
  ): Promise<Message | null> {
    const queue = this.#held(turn, nowMs);
    for (;;) {
      const head = queue?.next(order, nowMs, isProbe) ?? null;
      if (queue === null || head === null) return null;
      // What its bot takes while that cannot be written would be sent again and again.
      this.#records.requireWritable();
      if (this.#taken.has(webhookIdOf(head))) {
        await this.#forgetTaken(queue, head, nowMs);
        continue;
      }
      const message = this.#withContent(queue, head);
      if (message !== null) return message;
    }
  }

  override async release(
    turn: Turn,
    endpoint: string | null,
    order: MessageOrder,
    nowMs: number,
  ): Promise<void> {
    const queue = this.#held(turn, nowMs);
    if (queue === null) return;
    this.#change(queue, () => {
      queue.turn = null;
      queue.isInDoubt = turn.isInDoubt;
      // Not written: after a restart it waits where its last page was to go, and is due at its earlier time.
      queue.dueAtMs = queue.isNewer ? nowMs : queue.nextDueAtMs(order, nowMs);
      // Who made it due meanwhile has said where it waits.
      if (!queue.isNewer) queue.endpoint = endpoint;
    });
  }

  override async taken(turn: Turn, msgid: string, nowMs: number): Promise<void> {
    const queue = this.#held(turn, nowMs);
    const head = queue?.get(msgid) ?? null;
    if (queue !== null && head !== null) await this.#forgetTaken(queue, head, nowMs);
  }

  override async refused(turn: Turn, msgid: string, refused: RefusedMessage, nowMs: number): Promise<void> {
    const queue = this.#held(turn, nowMs);
    const head = queue?.get(msgid) ?? null;
    if (queue === null || head?.state !== 'waiting') return;
    const { attempts, refusals, step, dueAtMs, failure } = refused;
    const lastFailure = failure ?? head.lastFailure;
    await this.#save(queue, head, { ...head, attempts, refusals, step, dueAtMs, lastFailure });
  }

  override async bury(turn: Turn, msgid: string, dead: DeadMessage, nowMs: number): Promise<boolean> {
    const queue = this.#held(turn, nowMs);
    const head = queue?.get(msgid) ?? null;
    if (queue === null || head?.state !== 'waiting') return false;
    const { failure: lastFailure, ...counted } = dead;
    await this.#save(queue, head, { ...head, ...counted, state: 'dead', dueAtMs: null, lastFailure });
    return true;
  }

  override async begin(turn: Turn, underWay: UnderWay): Promise<boolean> {
    const queue = this.#held(turn, null);
    if (queue !== null) queue.underWay = underWay;
    return queue !== null;
  }

  override async findUnderWay(
    account: Addressee,
  ): Promise<{ readonly underWay: UnderWay; readonly message: Message } | null> {
    const queue = this.#queues.get(accountKey(account));
    const underWay = queue?.underWay ?? null;
    if (queue === undefined || underWay === null) return null;
    const head = queue.get(underWay.msgid);
    const message = head?.state === 'waiting' ? this.#withContent(queue, head) : null;
    return message === null ? null : { underWay, message };
  }

  override async note(
    account: Addressee,
    of: Pick<UnderWay, 'msgid' | 'attempt'>,
    half: 'answered' | 'pulled',
    nowMs: number,
  ): Promise<'taken' | 'half' | 'gone'> {
    const queue = this.#queues.get(accountKey(account));
    if (queue === undefined) return 'gone';
    const before = queue.underWay;
    if (before === null || before.msgid !== of.msgid || before.attempt !== of.attempt) return 'gone';
    const underWay = { ...before, [half === 'answered' ? 'isAnswered' : 'isPulled']: true };
    queue.underWay = underWay;
    if (!underWay.isAnswered || !underWay.isPulled) return 'half';
    const head = queue.get(of.msgid);
    queue.underWay = null;
    if (head !== null) await this.#forgetTaken(queue, head, nowMs);
    this.#change(queue, () => queue.makeDue(nowMs));
    return 'taken';
  }

  override async putBack(message: Message, attempt: number, nowMs: number): Promise<boolean> {
    const queue = this.#queues.get(accountKey(message));
    if (queue === undefined) return false;
    const { underWay } = queue;
    if (underWay?.msgid === message.msgid && underWay.attempt === attempt) {
      queue.underWay = { ...underWay, isPulled: false };
      return false;
    }
    const key = webhookIdOf(message);
    const wasTaken = this.#leaving.has(key) || this.#records.isKnown(key);
    if (queue.get(message.msgid) !== null || !wasTaken) return false;
    // Behind its removal, where that is still being written.
    await this.#records.write({ back: [message] });
    const { content: _content, ...head } = message;
    this.#change(queue, () => {
      queue.set(head);
      queue.makeDue(head.dueAtMs ?? nowMs);
    });
    return true;
  }

  override async endUnderWay(turn: Turn): Promise<void> {
    const queue = this.#held(turn, null);
    if (queue !== null) queue.underWay = null;
  }

  override async wake(account: Addressee, endpoint: string, nowMs: number): Promise<void> {
    const queue = this.#queues.get(accountKey(account));
    if (queue === undefined || queue.count('waiting') === 0) return;
    // Not written, as with `release`.
    this.#change(queue, () => {
      queue.endpoint = endpoint;
      queue.wake(nowMs);
    });
  }

  override async wakeEndpoint(endpoint: string, nowMs: number): Promise<void> {
    for (const queue of [...(this.#byEndpoint.get(endpoint) ?? [])]) {
      this.#change(queue, () => queue.wake(nowMs));
    }
  }

  override async listEndpoints(): Promise<readonly string[]> {
    return [...this.#byEndpoint.keys()];
  }

  override async listWaiting(
    afterKey: string,
    limit: number,
  ): Promise<readonly (Addressee & { readonly endpoint: string | null; readonly waiting: number })[]> {
    const found = [];
    for (const queue of this.#queues.values(afterKey)) {
      const waiting = queue.count('waiting');
      if (queue.key === afterKey || waiting === 0) continue;
      if (found.length >= limit) break;
      found.push({ ...toAddressee(queue.stored), endpoint: queue.endpoint, waiting });
    }
    return found;
  }

  override async handOver(turn: Turn, nowMs: number, before: CursorBefore | null): Promise<number> {
    const queue = this.#held(turn, nowMs);
    return queue === null ? 0 : queue.oneAtATime(() => this.#handOver(queue, before));
  }

  override async discard(turn: Turn, nowMs: number): Promise<number> {
    const queue = this.#held(turn, nowMs);
    if (queue === null) return 0;
    const heads = [...queue.ofState('waiting')];
    if (heads.length > 0) await this.#forget(queue, heads, nowMs + SEEN_MS);
    return heads.length;
  }

  override async list(filter: MessageFilter, cursor: string | null, limit: number): Promise<MessagePage> {
    const { account: from, seq } = fromCursor(cursor);
    const found: MessageHead[] = [];
    for (const queue of this.#queues.values(from)) {
      if (!isWanted(queue.stored, filter)) continue;
      const afterSeq = queue.key === from ? seq : -1;
      const left = limit + 1 - found.length;
      if (left === 0) break;
      const heads = filter.states.flatMap((state) => [...queue.ofState(state, afterSeq).take(left)]);
      if (filter.states.length > 1) heads.sort((a, b) => a.seq - b.seq);
      found.push(...heads.slice(0, left));
    }
    const messages = found.slice(0, limit);
    const last = messages.at(-1);
    const isLast = found.length <= limit || last === undefined;
    return { messages, cursor: isLast ? null : toCursor(accountKey(last), last) };
  }

  override async revive(account: Addressee, msgid: string, nowMs: number): Promise<boolean> {
    const queue = this.#queues.get(accountKey(account));
    const head = queue?.get(msgid) ?? null;
    if (queue === undefined || head?.state !== 'dead' || isOversized(head)) return false;
    if (this.#withContent(queue, head) === null) return false;
    await this.#save(queue, head, { ...head, state: 'waiting', refusals: 0, step: 0, dueAtMs: nowMs });
    this.#change(queue, () => queue.makeDue(nowMs));
    return true;
  }

  override async drop(account: Addressee, msgid: string): Promise<boolean> {
    const queue = this.#queues.get(accountKey(account));
    const head = queue?.get(msgid) ?? null;
    if (queue === undefined || head === null) return false;
    await this.#forget(queue, [head], head.storedAtMs + SEEN_MS);
    // The message behind it may be due before the account is.
    if (head.state === 'waiting') this.#change(queue, () => queue.makeDue(0));
    return true;
  }

  override async counts(account: Addressee | null): Promise<MessageCounts> {
    const queues = account === null ? this.#queues.values() : [this.#queues.get(accountKey(account))];
    let [waiting, dead, oldestMs] = [0, 0, Number.POSITIVE_INFINITY];
    for (const queue of queues) {
      waiting += queue?.count('waiting') ?? 0;
      dead += queue?.count('dead') ?? 0;
      oldestMs = Math.min(oldestMs, queue?.firstWaiting()?.storedAtMs ?? oldestMs);
    }
    return { waiting, dead, oldestWaitingAtMs: waiting === 0 ? null : oldestMs };
  }

  override async expire(failure: Failure): Promise<readonly MessageHead[]> {
    const expired: MessageHead[] = [];
    for (const queue of [...this.#queues.values()]) {
      for (const head of expiredIn(queue, failure.atMs, SWEEP_MAX - expired.length)) {
        if (queue.get(head.msgid) !== head) continue;
        await this.#save(queue, head, { ...head, state: 'dead', dueAtMs: null, lastFailure: failure });
        expired.push(head);
      }
    }
    return expired;
  }

  override async sweep(nowMs: number): Promise<void> {
    let left = SWEEP_MAX;
    for (const queue of [...this.#queues.values()]) {
      if (left <= 0) break;
      const over = [...queue.ofState('dead')].filter((head) => isOver(head, nowMs)).slice(0, left);
      left -= over.length;
      if (over.length > 0) await this.#forget(queue, over, nowMs + SEEN_MS);
    }
    await this.#records.sweepKnown(nowMs);
  }

  #add(queue: MessageQueue): MessageQueue {
    this.#queues.set(queue.key, queue);
    return queue;
  }

  /** What an earlier process has kept. */
  #load(head: MessageHead): void {
    const queue = this.#queues.get(accountKey(head)) ?? this.#add(new MessageQueue(newAccount(head)));
    queue.stored = { ...queue.stored, nextSeq: Math.max(queue.stored.nextSeq, head.seq + 1) };
    queue.set(head);
    if (head.state === 'waiting') queue.isInDoubt = true;
    if (head.dueAtMs !== null) queue.dueAtMs = Math.min(head.dueAtMs, queue.dueAtMs ?? head.dueAtMs);
  }

  async #keep(queue: MessageQueue, page: PulledPage, nowMs: number): Promise<readonly MessageHead[]> {
    this.#records.requireRoom();
    const { stored } = queue;
    const isNew = this.#newIn(queue);
    const start = { appId: page.appId, cursor: page.from };
    const kept = page.messages
      .filter(({ msgid }) => isNew(msgid))
      .map((message, n) => toMessage(message, stored, start, stored.nextSeq + n, nowMs));
    const known = page.skipped
      .filter(isNew)
      .map((msgid) => ({ key: webhookIdOf({ ...stored, msgid }), untilMs: nowMs + SEEN_MS }));
    const { appId, cursor, regime, endpoint } = page;
    const account = {
      ...stored,
      cursors: cursor === null ? stored.cursors : { ...stored.cursors, [appId]: cursor },
      regime,
      endpoint,
      pulledAtMs: nowMs,
      nextSeq: stored.nextSeq + kept.length,
    };
    await this.#records.write({ kept, known, account });
    failpoint('messages.kept');
    this.#change(queue, () => {
      queue.stored = account;
      queue.endpoint = endpoint;
      for (const { content: _content, ...head } of kept) queue.set(head);
      if (kept.length > 0) queue.makeDue(nowMs);
    });
    return kept;
  }

  async #handOver(queue: MessageQueue, before: CursorBefore | null): Promise<number> {
    const heads = [...queue.ofState('waiting')];
    const { stored } = queue;
    const [first] = heads;
    if (first === undefined) return 0;
    const apps = Object.keys(stored.cursors);
    const cursors = Object.fromEntries(apps.map((appId) => [appId, cursorBefore(first, appId, before)]));
    queue.pull = null;
    await this.#forget(queue, heads, null, { ...stored, cursors, moves: [] });
    return heads.length;
  }

  /** Tells ids that are new, each once. */
  #newIn(queue: MessageQueue): (msgid: string) => boolean {
    const met = new Set<string>();
    return (msgid) => {
      if (met.has(msgid) || queue.get(msgid) !== null) return false;
      met.add(msgid);
      const key = webhookIdOf({ ...queue.stored, msgid });
      return !this.#leaving.has(key) && !this.#records.isKnown(key);
    };
  }

  #claim(queue: MessageQueue, nowMs: number, leaseMs: number): Turn {
    const leaseId = randomUUID();
    const isInDoubt = queue.turn !== null || queue.isInDoubt;
    this.#change(queue, () => {
      queue.turn = { id: leaseId, untilMs: nowMs + leaseMs };
      queue.isNewer = false;
    });
    return { ...toAddressee(queue.stored), leaseId, endpoint: queue.endpoint, isInDoubt };
  }

  /** @param nowMs `null` where a lease counts until it is taken over. */
  #held(turn: Turn, nowMs: number | null): MessageQueue | null {
    const queue = this.#queues.get(accountKey(turn));
    if (queue?.turn?.id !== turn.leaseId) return null;
    return nowMs === null || queue.turn.untilMs > nowMs ? queue : null;
  }

  /** A message whose content is gone is passed over, so that it blocks nothing. */
  #withContent(queue: MessageQueue, head: MessageHead): Message | null {
    const content = this.#records.readContent(webhookIdOf(head));
    if (content === null) this.#change(queue, () => queue.delete(head.msgid));
    return content === null ? null : { ...head, content };
  }

  async #forgetTaken(queue: MessageQueue, head: MessageHead, nowMs: number): Promise<void> {
    this.#taken.add(webhookIdOf(head));
    await this.#forget(queue, [head], nowMs + SEEN_MS);
  }

  /** From the call on, nobody finds them. A failure brings them back. @param untilMs their ids are known; `null` for no longer. */
  async #forget(
    queue: MessageQueue,
    heads: readonly MessageHead[],
    untilMs: number | null,
    account: MessageAccount | null = null,
  ): Promise<void> {
    const gone = heads.map(webhookIdOf);
    const change = untilMs === null ? { gone } : { known: gone.map((key) => ({ key, untilMs })) };
    this.#change(queue, () => {
      for (const { msgid } of heads) queue.delete(msgid);
    });
    for (const key of gone) this.#leaving.add(key);
    try {
      await this.#records.write(account === null ? change : { ...change, account });
    } catch (error) {
      this.#change(queue, () => {
        for (const head of heads) queue.set(head);
      });
      throw error;
    } finally {
      for (const key of gone) this.#leaving.delete(key);
    }
    for (const key of gone) this.#taken.delete(key);
    if (account !== null) queue.stored = account;
  }

  async #save(queue: MessageQueue, before: MessageHead, after: MessageHead): Promise<void> {
    this.#change(queue, () => queue.set(after));
    try {
      await this.#records.write({ heads: [after] });
    } catch (error) {
      this.#change(queue, () => {
        if (queue.get(after.msgid) === after) queue.set(before);
      });
      throw error;
    }
  }

  /** @param change gives `null` where nothing changes. */
  async #changeAccount(
    account: Addressee,
    change: (stored: MessageAccount) => MessageAccount | null,
  ): Promise<void> {
    const queue = this.#queues.get(accountKey(account)) ?? this.#add(new MessageQueue(newAccount(account)));
    await queue.oneAtATime(async () => {
      const changed = change(queue.stored);
      if (changed !== null) await this.#writeAccount(queue, changed);
    });
  }

  async #writeAccount(queue: MessageQueue, account: MessageAccount): Promise<void> {
    await this.#records.write({ account });
    queue.stored = account;
  }

  /** Every change of what accounts are searched by. */
  #change(queue: MessageQueue, change: () => void): void {
    this.#unlist(queue);
    change();
    this.#list(queue);
  }

  #list(queue: MessageQueue): void {
    if (queue.count('waiting') === 0) return;
    const atMs = Math.max(queue.dueAtMs ?? 0, queue.turn?.untilMs ?? 0);
    const endpoint = queue.endpoint ?? NO_ENDPOINT;
    this.#listed.set(queue, { endpoint, atMs });
    this.#due.add(endpoint, [atMs, queue.key]);
    if (queue.endpoint === null) return;
    const ofEndpoint = this.#byEndpoint.get(endpoint) ?? new Set();
    this.#byEndpoint.set(endpoint, ofEndpoint.add(queue));
  }

  #unlist(queue: MessageQueue): void {
    const listed = this.#listed.get(queue);
    if (listed === undefined) return;
    this.#listed.delete(queue);
    this.#due.delete(listed.endpoint, [listed.atMs, queue.key]);
    const ofEndpoint = this.#byEndpoint.get(listed.endpoint);
    ofEndpoint?.delete(queue);
    if (ofEndpoint?.size === 0) this.#byEndpoint.delete(listed.endpoint);
  }
}

function withNobody(endpoints: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...endpoints, NO_ENDPOINT]);
}
function isWanted(account: Addressee, { corpId, openKfId }: MessageFilter): boolean {
  return (
    (corpId === null || account.corpId === corpId) && (openKfId === null || account.openKfId === openKfId)
  );
}

/** They wait in the order in which they were stored. */
function expiredIn(queue: MessageQueue, nowMs: number, limit: number): readonly MessageHead[] {
  const found: MessageHead[] = [];
  for (const head of queue.ofState('waiting')) {
    if (found.length >= limit || head.storedAtMs + MESSAGE_LIFE_MS > nowMs) break;
    if (isExpired(head, nowMs)) found.push(head);
  }
  return found;
}

/** Whether a message has been dead for so long that nobody needs to see it. */
function isOver({ storedAtMs, lastFailure }: MessageHead, nowMs: number): boolean {
  return (lastFailure?.atMs ?? storedAtMs) + MESSAGE_LIFE_MS <= nowMs;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
