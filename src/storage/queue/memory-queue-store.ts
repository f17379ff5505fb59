import {
  type Answered,
  claimableAtMs,
  laterAnswer,
  type Line,
  type LineHead,
  type LineKind,
  type LineState,
  lineKey,
  runningLease,
} from './line.js';
import {
  type Message,
  type MessageHead,
  type MessageOrder,
  type MessageState,
  webhookIdOf,
} from './message.js';
import {
  type KeptLine,
  type KnownMessage,
  type LineCounts,
  type LineFilter,
  type LineGroup,
  type LineOrder,
  type LinePlace,
  type MessageChange,
  type AccountMessages,
  type MessageCounts,
  type MessageFilter,
  type MessagePlace,
  QueueStore,
  type WaitingOf,
} from './queue-store.js';
import { type Addressee, accountKey, readAccountKey } from '../../kernel/account.js';

/**
 * Keeps in memory what could not be stored. Every search looks at all of it, so it must be little. It is lost with the process.
 */
export class MemoryQueueStore extends QueueStore {
  override readonly isShared: boolean = false;
  readonly #lines = new Map<string, KeptLine>();
  readonly #messages = new Map<string, Message>();
  /** Until when each id is known. */
  readonly #known = new Map<string, number>();

  override async find(key: string): Promise<KeptLine | null> {
    return this.#lines.get(key) ?? null;
  }

  override async insert(added: KeptLine): Promise<boolean> {
    const key = keyOf(added.line);
    if (this.#lines.has(key)) return false;
    this.#lines.set(key, added);
    return true;
  }

  override async replace(before: KeptLine, after: KeptLine): Promise<boolean> {
    if (!this.#isAsRead(before)) return false;
    this.#lines.set(keyOf(after.line), after);
    return true;
  }

  override async remove(before: KeptLine): Promise<boolean> {
    return this.#isAsRead(before) && this.#lines.delete(keyOf(before.line));
  }

  override async setAside({ line }: KeptLine): Promise<void> {
    this.#lines.delete(keyOf(line));
  }

  override async listClaimable(
    kind: LineKind,
    nowMs: number,
    limit: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly KeptLine[]> {
    return this.#claimable(kind, exceptEndpoints)
      .filter(({ atMs }) => atMs <= nowMs)
      .slice(0, limit)
      .map(({ kept }) => kept);
  }

  override async findToProbe(
    kind: LineKind,
    endpoint: string,
    nowMs: number,
    keys?: ReadonlySet<string>,
  ): Promise<KeptLine | null> {
    const [first] = this.#waitingAt(kind, endpoint)
      .filter(({ line }) => runningLease(line, nowMs) === null && keys?.has(keyOf(line)) !== false)
      .sort(({ line: a }, { line: b }) => a.probedAtMs - b.probedAtMs || a.arrivedAtMs - b.arrivedAtMs);
    return first ?? null;
  }

  override async nextClaimableAtMs(
    kind: LineKind,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<number | null> {
    return this.#claimable(kind, exceptEndpoints)[0]?.atMs ?? null;
  }

  override async makeDue(kind: LineKind, endpoint: string, nowMs: number): Promise<void> {
    for (const { line, revision } of this.#waitingAt(kind, endpoint)) {
      const due = { ...line, dueAtMs: Math.min(nowMs, line.dueAtMs ?? nowMs) };
      this.#lines.set(keyOf(line), { line: due, revision: `${revision}'` });
      if (kind === 'messages') await this.makeMessagesDue(line, nowMs);
    }
  }

  override async listEndpoints(kind: LineKind): Promise<readonly string[]> {
    const endpoints = this.#of(kind, ['waiting']).map(({ endpoint }) => endpoint);
    return [...new Set(endpoints.filter((endpoint) => endpoint !== null))];
  }

  override async list(
    kind: LineKind,
    filter: LineFilter,
    after: LinePlace | null,
    limit: number,
    order: LineOrder,
  ): Promise<readonly Line[]> {
    const place = (line: Line): LinePlace => ({ key: keyOf(line), waitingSinceMs: line.waitingSinceMs });
    const compare = order === 'account' ? byKey : bySince;
    return this.#of(kind, filter.states)
      .filter((line) => isWanted(line, filter) && (after === null || compare(place(line), after) > 0))
      .sort((a, b) => compare(place(a), place(b)))
      .slice(0, limit);
  }

  override async findAll(keys: readonly string[]): Promise<readonly Line[]> {
    return keys.flatMap((key) => this.#lines.get(key)?.line ?? []).map(withoutBody);
  }

  override async listOfAccount(kind: LineKind, openKfId: string): Promise<readonly Line[]> {
    return this.#of(kind).filter((line) => line.openKfId === openKfId);
  }

  override async count(kind: LineKind): Promise<LineCounts> {
    const counts = { waiting: 0, parked: 0, paused: 0, dead: 0 };
    const oldest = { waiting: Infinity, parked: Infinity, paused: Infinity, dead: Infinity };
    for (const { line } of this.#lines.values()) {
      if (line.kind !== kind) continue;
      const isPaused = line.state === 'parked' && line.lastFailure?.stage === 'paused';
      const state = isPaused ? 'paused' : line.state;
      counts[state]++;
      oldest[state] = Math.min(oldest[state], line.waitingSinceMs);
    }
    return {
      ...{ ...counts, unreadable: 0 },
      oldestWaitingAtMs: counts.waiting === 0 ? null : oldest.waiting,
      oldestParkedAtMs: counts.parked === 0 ? null : oldest.parked,
    };
  }

  override async countUnregistered(kind: LineKind, corpId: string): Promise<number> {
    return this.#of(kind).filter((line) => line.corpId === corpId && line.endpoint === null).length;
  }

  override async group(kind: LineKind, beforeMs: number): Promise<readonly LineGroup[]> {
    const groups = new Map<string, LineGroup>();
    for (const { state, corpId, openKfId, endpoint, lastFailure, waitingSinceMs } of this.#of(kind)) {
      if (state !== 'dead' && waitingSinceMs > beforeMs) continue;
      const stage = lastFailure?.stage ?? null;
      const key = `${state} ${corpId} ${stage} ${endpoint}`;
      const group = groups.get(key);
      groups.set(key, {
        ...{ state, corpId, endpoint, stage, openKfId: group?.openKfId ?? openKfId },
        accounts: (group?.accounts ?? 0) + 1,
        answered: laterAnswer(group?.answered ?? null, answerOf(lastFailure)),
        sinceMs: Math.min(group?.sinceMs ?? waitingSinceMs, waitingSinceMs),
      });
    }
    return [...groups.values()];
  }

  override async addMessages(
    messages: readonly Message[],
    known: readonly KnownMessage[],
  ): Promise<ReadonlySet<string>> {
    const added = new Set<string>();
    for (const message of messages) {
      const key = webhookIdOf(message);
      if (this.#messages.has(key) || this.#known.has(key)) continue;
      this.#messages.set(key, message);
      added.add(key);
    }
    for (const { untilMs, ...message } of known) {
      const key = webhookIdOf(message);
      if (!this.#messages.has(key) && !this.#known.has(key)) this.#known.set(key, untilMs);
    }
    return added;
  }

  override async findMessage(key: string): Promise<Message | null> {
    return this.#messages.get(key) ?? null;
  }

  override async listFirst(
    account: Addressee,
    order: MessageOrder,
    limit: number,
    dueAtMs: number | null,
    without: ReadonlySet<string> = new Set(),
  ): Promise<readonly Message[]> {
    if (order === 'account') return this.#messagesOf(['waiting'], accountKey(account)).slice(0, limit);
    const isListed = (message: Message): boolean =>
      (dueAtMs === null || (message.dueAtMs ?? 0) <= dueAtMs) && !without.has(message.lane);
    return this.#firstOfLanes(account).filter(isListed).slice(0, limit);
  }

  override async findFrom(account: Addressee, seq: number): Promise<MessageHead | null> {
    const waiting = this.#messagesOf(['waiting'], accountKey(account));
    const found = waiting.find((message) => message.seq >= seq);
    return found === undefined ? null : toHead(found);
  }

  override async listFirstHeads(account: Addressee, limit: number): Promise<readonly MessageHead[]> {
    return this.#firstOfLanes(account).slice(0, limit).map(toHead);
  }

  override async listLane(account: Addressee, lane: string, limit: number): Promise<readonly MessageHead[]> {
    const waiting = this.#messagesOf(['waiting'], accountKey(account));
    return waiting
      .filter((message) => message.lane === lane)
      .slice(0, limit)
      .map(toHead);
  }

  override async nextDueAtMs(account: Addressee, order: MessageOrder): Promise<number | null> {
    const firsts = this.#firstOfLanes(account).slice(0, order === 'account' ? 1 : undefined);
    return leastOf(firsts.map(({ dueAtMs }) => dueAtMs ?? 0));
  }

  override async changeMessage(
    key: string,
    states: readonly MessageState[],
    change: MessageChange,
  ): Promise<boolean> {
    const message = this.#messages.get(key);
    if (message === undefined || !states.includes(message.state)) return false;
    this.#messages.set(key, { ...message, ...change });
    return true;
  }

  override async forgetMessage(key: string, untilMs: number): Promise<boolean> {
    if (!this.#messages.delete(key)) return false;
    this.#known.set(key, untilMs);
    return true;
  }

  override async forgetWaiting({ account, pageCursor }: WaitingOf, untilMs: number | null): Promise<number> {
    const gone = this.#messagesOf(['waiting'], accountKey(account)).filter(
      ({ page }) => pageCursor === null || page.cursor === pageCursor,
    );
    for (const message of gone) {
      this.#messages.delete(webhookIdOf(message));
      if (untilMs !== null) this.#known.set(webhookIdOf(message), untilMs);
    }
    return gone.length;
  }

  override async bringBack(message: Message): Promise<boolean> {
    if (!this.#known.delete(webhookIdOf(message))) return false;
    this.#messages.set(webhookIdOf(message), message);
    return true;
  }

  override async replaceMessage(message: Message): Promise<boolean> {
    const key = webhookIdOf(message);
    if (this.#messages.get(key)?.state !== 'waiting') return false;
    this.#messages.set(key, message);
    return true;
  }

  override async forgetIds(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#known.delete(key);
  }

  override async makeMessagesDue(account: Addressee, nowMs: number): Promise<void> {
    for (const message of this.#messagesOf(['waiting'], accountKey(account)))
      if ((message.dueAtMs ?? nowMs) > nowMs)
        this.#messages.set(webhookIdOf(message), { ...message, dueAtMs: nowMs });
  }

  override async countWaiting(account: Addressee): Promise<number> {
    return this.#messagesOf(['waiting'], accountKey(account)).length;
  }

  override async listMessages(
    { states, corpId, openKfId }: MessageFilter,
    after: MessagePlace | null,
    limit: number,
  ): Promise<readonly MessageHead[]> {
    return this.#messagesOf(states)
      .filter((message) => corpId === null || message.corpId === corpId)
      .filter((message) => openKfId === null || message.openKfId === openKfId)
      .filter((message) => after === null || isBehind(message, after))
      .sort((a, b) => compareTexts(accountKey(a), accountKey(b)) || bySeq(a, b))
      .slice(0, limit)
      .map(toHead);
  }

  override async countMessages(account: Addressee | null): Promise<MessageCounts> {
    const of = account === null ? undefined : accountKey(account);
    const waiting = this.#messagesOf(['waiting'], of);
    return {
      waiting: waiting.length,
      dead: this.#messagesOf(['dead'], of).length,
      oldestWaitingAtMs: leastOf(waiting.map(({ storedAtMs }) => storedAtMs)),
    };
  }

  override async countMessagesByAccount(): Promise<readonly AccountMessages[]> {
    const keys = new Set(this.#messagesOf(['waiting', 'dead']).map(accountKey));
    return Promise.all(
      [...keys]
        .map(readAccountKey)
        .map(async (account) => ({ ...account, ...(await this.countMessages(account)) })),
    );
  }

  override async listStoredBefore(atMs: number): Promise<readonly MessageHead[]> {
    return this.#messagesOf(['waiting'])
      .filter(({ storedAtMs }) => storedAtMs <= atMs)
      .map(toHead);
  }

  override async sweep(diedBeforeMs: number, untilMs: number, nowMs: number): Promise<void> {
    for (const message of this.#messagesOf(['dead'])) {
      if ((message.lastFailure?.atMs ?? message.storedAtMs) <= diedBeforeMs)
        await this.forgetMessage(webhookIdOf(message), untilMs);
    }
    for (const [key, knownUntilMs] of this.#known) if (knownUntilMs <= nowMs) this.#known.delete(key);
  }

  #isAsRead({ line, revision }: KeptLine): boolean {
    return this.#lines.get(keyOf(line))?.revision === revision;
  }

  #of(kind: LineKind, states?: readonly LineState[]): Line[] {
    return [...this.#lines.values()]
      .map(({ line }) => line)
      .filter((line) => line.kind === kind && states?.includes(line.state) !== false)
      .map(withoutBody);
  }

  #waitingAt(kind: LineKind, endpoint: string): KeptLine[] {
    return [...this.#lines.values()].filter(
      ({ line }) => line.kind === kind && line.state === 'waiting' && line.endpoint === endpoint,
    );
  }

  #claimable(
    kind: LineKind,
    except: ReadonlySet<string>,
  ): { readonly kept: KeptLine; readonly atMs: number }[] {
    return [...this.#lines.values()]
      .filter(({ line }) => line.kind === kind && !except.has(line.endpoint ?? ''))
      .flatMap((kept) => {
        const atMs = claimableAtMs(kept.line);
        return atMs === null ? [] : [{ kept, atMs }];
      })
      .sort((a, b) => a.atMs - b.atMs || compareTexts(keyOf(a.kept.line), keyOf(b.kept.line)));
  }

  #firstOfLanes(account: Addressee): Message[] {
    const waiting = this.#messagesOf(['waiting'], accountKey(account));
    return [...new Map(waiting.toReversed().map((message) => [message.lane, message])).values()].sort(bySeq);
  }

  #messagesOf(states: readonly MessageState[], account?: string): Message[] {
    return [...this.#messages.values()]
      .filter((message) => states.includes(message.state))
      .filter((message) => account === undefined || accountKey(message) === account)
      .sort(bySeq);
  }
}

const keyOf = (line: Line): string => lineKey(line.kind, line);
const withoutBody = (line: Line): Line => ({ ...line, body: null });
const bySeq = (a: MessageHead, b: MessageHead): number => a.seq - b.seq;
const byKey = (a: LinePlace, b: LinePlace): number => compareTexts(a.key, b.key);
const bySince = (a: LinePlace, b: LinePlace): number => a.waitingSinceMs - b.waitingSinceMs || byKey(a, b);

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function leastOf(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.min(...times);
}

function toHead({ content: _content, ...head }: Message): MessageHead {
  return head;
}

function isBehind(message: MessageHead, { account, seq }: MessagePlace): boolean {
  const key = accountKey(message);
  return key === account ? message.seq > seq : key > account;
}

function isWanted({ corpId, openKfId, lastFailure, arrivedAtMs }: LineHead, filter: LineFilter): boolean {
  const { stage, arrivedFromMs = 0, arrivedBeforeMs = Number.POSITIVE_INFINITY } = filter;
  if (filter.corpId !== null && corpId !== filter.corpId) return false;
  if (filter.openKfId !== undefined && openKfId !== filter.openKfId) return false;
  if (stage !== undefined && lastFailure?.stage !== stage) return false;
  return arrivedAtMs >= arrivedFromMs && arrivedAtMs < arrivedBeforeMs;
}

function answerOf(failure: LineHead['lastFailure']): Answered | null {
  return failure?.status === undefined ? null : { status: failure.status, atMs: failure.atMs };
}
