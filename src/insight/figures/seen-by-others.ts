import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Deliveries, type SeenAttempts } from '../../dispatch/endpoint/deliveries.js';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { REPLICA } from '../../kernel/replica.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { MINUTE_MS, startOf } from '../../record/figures.js';
import { SEEN_KEPT_MS, SeenStore } from '../../record/seen-store.js';
import { type AccountHistory, AccountHistories } from '../../registry/puppets/account-history.js';
import type { AccountReplies, ReplyingAccount } from '../../wecom/outcomes/call-outcomes.js';
import { callKey, type FailedCall } from '../../wecom/outcomes/failed-calls.js';
import { errorKey, type SeenError } from '../../wecom/outcomes/wecom-errors.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';

const QUARTER_MS = 15 * MINUTE_MS;
/** By then the others have written their minute. */
const READ_AFTER_MS = 10_000;
/** The clocks of replicas agree to within it, and no write takes longer. */
const SLACK_MS = 2 * MINUTE_MS;
/** So many are encoded in one turn of the event loop, which takes less than a millisecond. Callbacks wait that long. */
const ITEMS_PER_PART = 250;
/** A store that hangs must not hold up the stop. */
const LAST_WRITE_LIMIT_MS = 2_000;

/**
 * What the other replicas have seen. Once a minute each replica writes to the store what it has seen since the quarter of an hour
 * began, and then reads what the others wrote. What is known here is some 70 s old at most, and stays for three days after its
 * replica has ended. Nobody waits for the store when somebody looks.
 */
@Injectable()
export class SeenByOthers implements AccountHistory, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly accounts = new Newest<SeenAttempts>(({ id }) => id);
  readonly addresses = new Newest<SeenAttempts>(({ id }) => id);
  readonly bots = new Newest<SeenAttempts>(({ id }) => id);
  readonly replies = new Newest<ReplyingAccount & AccountReplies>(({ openKfId }) => openKfId);
  readonly errors = new Newest<SeenError>(errorKey);
  readonly calls = new Newest<FailedCall>(callKey);
  #quarterMs = 0;
  /** The entries of this quarter begin here: after the last write of the quarter before, more was seen. */
  #sinceMs = 0;
  #writtenAtMs = 0;
  #readAtMs = 0;
  #timer: Timer | null = null;

  constructor(
    private readonly deliveries: Deliveries,
    private readonly wecom: WecomMetrics,
    private readonly store: SeenStore,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
    histories: AccountHistories,
  ) {
    histories.add(this);
  }

  onApplicationBootstrap(): void {
    void this.#read();
    this.#turnLater();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#timer?.cancel();
    await this.clock.within(LAST_WRITE_LIMIT_MS, this.#write());
  }

  forget(openKfId: string): void {
    this.accounts.forget(openKfId);
    this.replies.forget(openKfId);
  }

  accountsOf(corpId: string): readonly string[] {
    const accounts = [...this.accounts.all()].filter((one) => one.corpId === corpId).map(({ id }) => id);
    const replying = [...this.replies.all()].filter((one) => one.corpId === corpId);
    return [...accounts, ...replying.map(({ openKfId }) => openKfId)];
  }

  #turnLater(): void {
    const leftMs = MINUTE_MS - (this.storeClock.nowMs() % MINUTE_MS);
    this.#timer = this.clock.after(leftMs, () => {
      void this.#write();
      this.#timer = this.clock.after(READ_AFTER_MS, () => {
        void this.#read();
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
        parts.push(JSON.stringify(part));
        await nextTurn();
      }
      await this.store.write(REPLICA, this.#quarterMs, parts);
      this.#writtenAtMs = nowMs;
    } catch (err) {
      this.log.debug({ err }, 'figures.write_failed');
    }
  }

  *#own(sinceMs: number): Generator<Seen> {
    for (const list of ['accounts', 'addresses', 'bots'] as const)
      for (const item of this.deliveries.seenSince(list, sinceMs)) yield [list, item];
    for (const item of this.wecom.repliesSince(sinceMs)) yield ['replies', item];
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
        if (replica !== REPLICA) for (const one of JSON.parse(seen) as Seen[]) this.#put(replica, atMs, one);
        await nextTurn();
      }
      this.#readAtMs = nowMs;
    } catch (err) {
      this.log.debug({ err }, 'figures.read_failed');
    }
    const { accounts, addresses, bots, replies, errors, calls } = this;
    for (const list of [accounts, addresses, bots, replies, errors, calls]) list.forgetBefore(keptFromMs);
  }

  #put(replica: string, atMs: number, [list, item]: Seen): void {
    switch (list) {
      case 'accounts':
      case 'addresses':
      case 'bots':
        return this[list].put(replica, atMs, item);
      case 'replies':
        return this.replies.put(replica, atMs, item);
      case 'errors':
        return this.errors.put(replica, atMs, item);
      case 'calls':
        return this.calls.put(replica, atMs, item);
      // Of another version of the manager.
      default:
    }
  }
}

/** In the store, as JSON. A list whose items get another form needs another name: other versions skip what they do not know. */
type Seen =
  | readonly [list: 'accounts' | 'addresses' | 'bots', item: SeenAttempts]
  | readonly [list: 'replies', item: ReplyingAccount & AccountReplies]
  | readonly [list: 'errors', item: SeenError]
  | readonly [list: 'calls', item: FailedCall];

/** What replicas wrote of accounts, or of something else: of each the newest of each replica. */
class Newest<T> {
  /** By what it is of, and by replica. */
  readonly #seen = new Map<string, Map<string, { readonly atMs: number; readonly item: T }>>();

  constructor(private readonly keyOf: (item: T) => string) {}

  put(replica: string, atMs: number, item: T): void {
    const key = this.keyOf(item);
    const ofKey = this.#seen.get(key) ?? new Map<string, { atMs: number; item: T }>();
    if (atMs >= (ofKey.get(replica)?.atMs ?? 0)) ofKey.set(replica, { atMs, item });
    this.#seen.set(key, ofKey);
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
      for (const [replica, { atMs }] of ofKey) if (atMs < ms) ofKey.delete(replica);
      if (ofKey.size === 0) this.#seen.delete(key);
    }
  }
}

function* inParts<T>(items: Iterable<T>): Generator<readonly T[]> {
  let part: T[] = [];
  for (const item of items) {
    part.push(item);
    if (part.length < ITEMS_PER_PART) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
