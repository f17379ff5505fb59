import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Deliveries, type SeenAttempts } from '../../dispatch/endpoint/deliveries.js';
import {
  ARRIVAL_HOURS,
  Arrivals,
  type BotArrivals,
  type CorpArrivals,
} from '../../dispatch/inline/arrivals.js';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { REPLICA } from '../../kernel/replica.js';
import { SerialRuns } from '../../kernel/serial-runs.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { MINUTE_MS, startOf } from '../../record/figures.js';
import { PART_CHARS, SEEN_KEPT_MS, SeenStore } from '../../record/seen-store.js';
import { type AccountHistory, AccountHistories } from '../../registry/puppets/account-history.js';
import { RecordStore } from '../../storage/records/records.js';
import { isNews } from '../../wecom/outcomes/call-outcomes.js';
import { type WecomOutcome, outcomeKey } from '../../wecom/outcomes/outcome.js';
import type { ReadTimes } from '../../wecom/outcomes/read-messages.js';
import { callKey, type FailedCall } from '../../wecom/outcomes/failed-calls.js';
import { errorKey, type SeenError } from '../../wecom/outcomes/wecom-errors.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { OtherReplicas, type ReplicaMark } from './other-replicas.js';

const QUARTER_MS = 15 * MINUTE_MS;
const ARRIVALS_KEPT_MS = ARRIVAL_HOURS * 60 * MINUTE_MS;
/** How long after the end of a minute it reads: by then the others have written theirs. */
const READ_AFTER_MS = 10_000;
/** How much the clocks of replicas may differ, plus the time of a write. */
const SLACK_MS = 2 * MINUTE_MS;
/** Limit of each list, since a caller can name any account. The item that was seen longest ago goes first. */
const ITEMS_MAX = 100_000;
/** A store that hangs must not hold up the stop. */
const LAST_WRITE_LIMIT_MS = 2_000;

/**
 * What the other replicas have seen. Once a minute each replica writes to the store what it has seen since the quarter of an
 * hour began, and then reads what the others wrote. What is known here is at most some 70 s old, and stays for up to three days
 * after its replica has ended. It is kept in memory, so those who ask do not wait for the store.
 */
@Injectable()
export class SeenByOthers implements AccountHistory, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly accounts = new Newest<SeenAttempts>(({ id }) => id);
  readonly addresses = new Newest<SeenAttempts>(({ id }) => id);
  readonly bots = new Newest<SeenAttempts>(({ id }) => id);
  /** What became of their replies. */
  readonly replies = new Newest<WecomOutcome>(({ openKfId }) => openKfId ?? '', outcomeKey);
  readonly callers = new Newest<WecomOutcome>(outcomeKey);
  readonly reads = new Newest<ReadTimes>(({ openKfId }) => openKfId);
  readonly errors = new Newest<SeenError>(errorKey);
  readonly calls = new Newest<FailedCall>(callKey);
  readonly corpArrivals = new Newest<CorpArrivals>(({ corpId }) => corpId);
  readonly botArrivals = new Newest<BotArrivals>(({ botId }) => botId);
  readonly replicas = new OtherReplicas();
  /** When accounts were forgotten. Entries from before are about a registration that is gone. */
  readonly #forgotten = new Map<string, number>();
  readonly #writes = new SerialRuns(() => this.#write());
  /** When this process started, of `Clock.elapsedMs`. */
  #startedMs = 0;
  #isStopped = false;
  #quarterMs = 0;
  /** Entries of this quarter have what was seen since this time: the last write of the quarter before. */
  #sinceMs = 0;
  #writtenAtMs = 0;
  #readAtMs = 0;
  /** When the last interval began of which another replica wrote something. */
  #othersAtMs = 0;
  #timer: Timer | null = null;

  constructor(
    private readonly deliveries: Deliveries,
    private readonly wecom: WecomMetrics,
    private readonly arrivals: Arrivals,
    private readonly store: SeenStore,
    private readonly records: RecordStore,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
    histories: AccountHistories,
  ) {
    histories.add(this);
  }

  onApplicationBootstrap(): void {
    this.#startedMs = this.clock.elapsedMs();
    void this.#read();
    this.#turnLater();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#timer?.cancel();
    this.#isStopped = true;
    await this.clock.within(LAST_WRITE_LIMIT_MS, this.#writes.run());
  }

  forget(openKfId: string): void {
    this.#forgetAt(openKfId, this.storeClock.nowMs());
  }

  accountsOf(corpId: string): readonly string[] {
    const accounts = [...this.accounts.all()].filter((one) => one.corpId === corpId).map(({ id }) => id);
    const replying = [...this.replies.all()].flatMap((one) =>
      one.corpId === corpId && one.openKfId !== null ? [one.openKfId] : [],
    );
    return [...accounts, ...replying];
  }

  /** Until when all replicas' figures are known here, store time. */
  get knownUntilMs(): number {
    const nowMs = this.storeClock.nowMs();
    const hasOthers = this.records.isShared && nowMs - this.#othersAtMs < 2 * QUARTER_MS;
    return hasOthers ? Math.max(0, startOf(this.#readAtMs - READ_AFTER_MS, MINUTE_MS)) : nowMs;
  }

  #turnLater(): void {
    const leftMs = MINUTE_MS - (this.storeClock.nowMs() % MINUTE_MS);
    this.#timer = this.clock.after(leftMs, () => {
      void this.#writes.run();
      this.#timer = this.clock.after(READ_AFTER_MS, () => {
        // Nobody else writes to a store of one process.
        if (this.records.isShared || this.#readAtMs === 0) void this.#read();
        this.#turnLater();
      });
    });
  }

  /** Never rejects: what was not written comes with the next minute. */
  async #write(): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const quarterMs = startOf(nowMs, QUARTER_MS);
    if (quarterMs > this.#quarterMs) [this.#quarterMs, this.#sinceMs] = [quarterMs, this.#writtenAtMs];
    try {
      const parts: string[] = [];
      for (const part of inParts(this.#own(this.#sinceMs))) {
        parts.push(part);
        await nextTurn();
      }
      await this.store.write(REPLICA, this.#quarterMs, parts);
      this.#writtenAtMs = nowMs;
    } catch (err) {
      this.log.debug({ err }, 'figures.write_failed');
    }
  }

  #mark(): ReplicaMark {
    const atMs = this.storeClock.nowMs();
    const startedAtMs = atMs - (this.clock.elapsedMs() - this.#startedMs);
    return { startedAtMs, atMs, isStopped: this.#isStopped };
  }

  *#own(sinceMs: number): Generator<Seen> {
    if (this.records.isShared) yield ['replica', this.#mark()];
    // Before the lists, so that others read it before the entries that it takes back.
    for (const [openKfId, atMs] of this.#forgotten)
      if (atMs >= sinceMs) yield ['forgotten', { openKfId, atMs }];
    for (const list of ['accounts', 'addresses', 'bots'] as const)
      for (const item of this.deliveries.seenSince(list, sinceMs)) yield [list, item];
    for (const item of this.wecom.outcomes.accounts())
      if (isNews(item, sinceMs)) yield ['account_outcomes', item];
    for (const item of this.wecom.outcomes.callers())
      if (isNews(item, sinceMs)) yield ['caller_outcomes', item];
    for (const item of this.wecom.read.seenSince(sinceMs)) yield ['reads', item];
    for (const item of this.arrivals.corpsSince(sinceMs)) yield ['corp_arrivals', item];
    for (const item of this.arrivals.botsSince(sinceMs)) yield ['bot_arrivals', item];
    for (const item of this.wecom.errors) yield ['errors', item];
    for (const item of this.wecom.failedCalls) yield ['calls', item];
  }

  /** Never rejects: what was not read is read in the next minute. */
  async #read(): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const keptFromMs = nowMs - SEEN_KEPT_MS;
    const fromMs = Math.max(keptFromMs, startOf(this.#readAtMs - SLACK_MS, QUARTER_MS));
    try {
      for await (const { replica, atMs, seen } of this.store.read(fromMs)) {
        if (replica === REPLICA) continue;
        this.#othersAtMs = Math.max(this.#othersAtMs, atMs);
        for (const one of readSeen(seen)) this.#put(replica, atMs, one);
        await nextTurn();
      }
      this.#readAtMs = nowMs;
      this.replicas.note(REPLICA, this.#mark());
      this.replicas.lookedAt(nowMs);
    } catch (err) {
      this.log.debug({ err }, 'figures.read_failed');
    }
    const { accounts, addresses, bots, replies, callers, reads, errors, calls, replicas } = this;
    for (const list of [accounts, addresses, bots, replies, callers, reads, errors, calls, replicas])
      list.forgetBefore(keptFromMs);
    // The hours of a replica that has ended are compared for as long as those of this process.
    for (const list of [this.corpArrivals, this.botArrivals]) list.forgetBefore(nowMs - ARRIVALS_KEPT_MS);
    for (const [openKfId, atMs] of this.#forgotten) if (atMs < keptFromMs) this.#forgotten.delete(openKfId);
  }

  #put(replica: string, atMs: number, [list, item]: Seen): void {
    switch (list) {
      case 'replica':
        return this.replicas.note(replica, item);
      case 'forgotten':
        return this.#forgetAt(item.openKfId, item.atMs);
      case 'accounts':
        return this.#isForgotten(item.id, atMs) ? undefined : this.accounts.put(replica, atMs, item);
      case 'addresses':
      case 'bots':
        return this[list].put(replica, atMs, item);
      case 'account_outcomes':
        return this.#isForgotten(item.openKfId ?? '', atMs)
          ? undefined
          : this.replies.put(replica, atMs, item);
      case 'reads':
        return this.#isForgotten(item.openKfId, atMs) ? undefined : this.reads.put(replica, atMs, item);
      case 'caller_outcomes':
        return this.callers.put(replica, atMs, item);
      case 'corp_arrivals':
        return this.corpArrivals.put(replica, atMs, item);
      case 'bot_arrivals':
        return this.botArrivals.put(replica, atMs, item);
      case 'errors':
        return this.errors.put(replica, atMs, item);
      case 'calls':
        return this.calls.put(replica, atMs, item);
      // A list of another version of the manager.
      default:
    }
  }

  #forgetAt(openKfId: string, atMs: number): void {
    if (atMs <= (this.#forgotten.get(openKfId) ?? 0)) return;
    this.#forgotten.delete(openKfId);
    this.#forgotten.set(openKfId, atMs);
    dropFirstOver(ITEMS_MAX, this.#forgotten);
    this.accounts.forget(openKfId);
    this.replies.forget(openKfId);
    this.reads.forget(openKfId);
  }

  /** @param atMs the beginning of the interval in which something was seen of the account. */
  #isForgotten(openKfId: string, atMs: number): boolean {
    return atMs <= (this.#forgotten.get(openKfId) ?? 0);
  }
}

/**
 * An entry, kept in the store as JSON. When the items of a list get another form, the list needs another name: other versions
 * skip names that they do not know.
 */
type Seen =
  | readonly [list: 'replica', item: ReplicaMark]
  | readonly [list: 'forgotten', item: { readonly openKfId: string; readonly atMs: number }]
  | readonly [list: 'accounts' | 'addresses' | 'bots', item: SeenAttempts]
  | readonly [list: 'account_outcomes' | 'caller_outcomes', item: WecomOutcome]
  | readonly [list: 'reads', item: ReadTimes]
  | readonly [list: 'corp_arrivals', item: CorpArrivals]
  | readonly [list: 'bot_arrivals', item: BotArrivals]
  | readonly [list: 'errors', item: SeenError]
  | readonly [list: 'calls', item: FailedCall];

/** Entries of replicas about accounts, or about something else: for each key, the newest entry of each replica. */
class Newest<T> {
  /** By key, and by replica with what tells items of one key apart. */
  readonly #seen = new Map<string, Map<string, { readonly atMs: number; readonly item: T }>>();

  constructor(
    private readonly keyOf: (item: T) => string,
    private readonly partOf: (item: T) => string = () => '',
  ) {}

  put(replica: string, atMs: number, item: T): void {
    const key = this.keyOf(item);
    const part = `${replica} ${this.partOf(item)}`;
    const ofKey = this.#seen.get(key) ?? new Map<string, { atMs: number; item: T }>();
    if (atMs >= (ofKey.get(part)?.atMs ?? 0)) ofKey.set(part, { atMs, item });
    this.#seen.delete(key);
    this.#seen.set(key, ofKey);
    dropFirstOver(ITEMS_MAX, this.#seen);
  }

  of(key: string): readonly T[] {
    return [...(this.#seen.get(key)?.values() ?? [])].map(({ item }) => item);
  }

  *all(): Generator<T> {
    for (const ofKey of this.#seen.values()) for (const { item } of ofKey.values()) yield item;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }

  forgetBefore(ms: number): void {
    for (const [key, ofKey] of this.#seen) {
      for (const [part, { atMs }] of ofKey) if (atMs < ms) ofKey.delete(part);
      if (ofKey.size === 0) this.#seen.delete(key);
    }
  }
}

function dropFirstOver(max: number, map: Map<string, unknown>): void {
  const [first] = map.size > max ? map.keys() : [];
  if (first !== undefined) map.delete(first);
}

/** JSON lists of the items, each not much longer than `PART_CHARS`. */
function* inParts(items: Iterable<Seen>): Generator<string> {
  let [texts, chars] = [[] as string[], 0];
  for (const item of items) {
    const text = JSON.stringify(item);
    texts.push(text);
    chars += text.length;
    if (chars < PART_CHARS) continue;
    yield `[${texts.join(',')}]`;
    [texts, chars] = [[], 0];
  }
  if (texts.length > 0) yield `[${texts.join(',')}]`;
}

/** Leaves out damaged entries. They do not affect the others. */
function readSeen(text: string): readonly Seen[] {
  try {
    const seen: unknown = JSON.parse(text);
    return Array.isArray(seen) ? seen.filter(isPair) : [];
  } catch {
    return [];
  }
}

function isPair(value: unknown): value is Seen {
  return Array.isArray(value) && typeof value[1] === 'object' && value[1] !== null;
}
