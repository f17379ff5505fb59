import type { Collection } from 'mongoose';
import type { Clock } from '../../kernel/clock.js';
import type { Log } from '../../kernel/log.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import { type CallLimit, CallQuota } from '../../wecom/proxy/call-quota.js';
import { LocalCallQuota } from '../local-call-quota.js';
import { CALLS, type CallRecord, callId, keptUntil } from './call.schema.js';
import { type CallShare, type CallWindow, CallWindows } from './call-windows.js';
import { isDuplicateKey, type MongoStore } from './mongo-store.js';

/** A call waits for it. */
export const ANSWER_LIMIT_MS = 300;
export const ALONE_MS = 5_000;

/**
 * A process takes calls from the shared count in portions of a hundredth of the limit, so that not every call is
 * a database operation. It does not ask again in a window that is spent. The unused rest of a portion is lost
 * with its window. RateLimiterMongo is not used: it takes its windows from each process's own clock.
 */
export class MongoCallQuota extends CallQuota {
  readonly #records: Collection<CallRecord>;
  readonly #windows = new CallWindows();
  readonly #alone = new LocalCallQuota();
  /** By `Clock.elapsedMs`. */
  #aloneUntilMs = Number.NEGATIVE_INFINITY;
  #isAnswering = true;

  constructor(
    private readonly store: MongoStore,
    private readonly storeClock: StoreClock,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly answerLimitMs = ANSWER_LIMIT_MS,
  ) {
    super();
    this.#records = store.collection(CALLS);
  }

  override async take(key: string, limit: CallLimit): Promise<number | null> {
    for (;;) {
      const nowMs = this.storeClock.nowMs();
      const window = this.#windows.at(nowMs, limit);
      const share = window.shareOf(key);
      if (share.left > 0) {
        share.left--;
        return null;
      }
      if (share.isSpent) return window.endMs - nowMs;
      if (this.clock.elapsedMs() < this.#aloneUntilMs) return this.#alone.take(key, limit);
      share.taking ??= this.#takePortion(key, limit, window, share);
      await share.taking;
    }
  }

  /** Never rejects: afterwards the share has more, or is spent, or this process counts alone. */
  async #takePortion(key: string, limit: CallLimit, window: CallWindow, share: CallShare): Promise<void> {
    const portion = Math.max(1, Math.floor(limit.max / 100));
    try {
      const count = await this.store.run(
        'count calls',
        () => this.#add(key, limit, window, portion),
        this.answerLimitMs,
      );
      share.left = Math.min(Math.max(limit.max - (count - portion), 0), portion);
      share.isSpent = count >= limit.max;
      this.#isAnswering = true;
    } catch (error) {
      this.#countAlone(error);
    } finally {
      share.taking = null;
    }
  }

  /** @returns the shared count with `portion` in it. */
  async #add(key: string, { name }: CallLimit, window: CallWindow, portion: number): Promise<number> {
    const add = () =>
      this.#records.findOneAndUpdate(
        { _id: callId(key, name, window.startMs) },
        {
          $inc: { count: portion },
          $setOnInsert: { keptUntil: keptUntil(window.endMs) },
        },
        { upsert: true, returnDocument: 'after' },
      );
    // When two insert at once, MongoDB may report this to one of them instead of retrying.
    const record = await add().catch((error) => {
      if (isDuplicateKey(error)) return add();
      throw error;
    });
    if (!Number.isFinite(record?.count)) throw new Error('the count of calls cannot be read');
    return record?.count ?? 0;
  }

  #countAlone(err: unknown): void {
    this.#aloneUntilMs = this.clock.elapsedMs() + ALONE_MS;
    if (this.#isAnswering) this.log.warn({ err }, 'quota.counting_alone');
    this.#isAnswering = false;
  }
}
