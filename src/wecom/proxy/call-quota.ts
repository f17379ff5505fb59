import type { Clock } from '../../kernel/clock.js';
import { withinDeadline } from '../../kernel/deadline.js';
import type { Log } from '../../kernel/log.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { Counters } from '../../storage/counters.js';
import { MemoryCounters } from '../../storage/memory-counters.js';
import { type CallLimit, type CallShare, type CallWindow, CallWindows } from './call-windows.js';

/** A call waits for the shared count. */
export const ANSWER_LIMIT_MS = 300;
export const ALONE_MS = 5_000;

/**
 * Counts calls in fixed windows of the store's clock, together with all replicas. A process takes calls from the shared count in
 * portions of a hundredth of the limit, so that not every call waits for the store. It does not ask again in a window that is
 * spent. The unused rest of a portion is lost with its window.
 */
export class CallQuota {
  readonly #windows = new CallWindows();
  readonly #alone = new MemoryCounters();
  /** By `Clock.elapsedMs`. */
  #aloneUntilMs = Number.NEGATIVE_INFINITY;
  #isAnswering = true;

  constructor(
    private readonly counters: Counters,
    private readonly storeClock: StoreClock,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly answerLimitMs = ANSWER_LIMIT_MS,
  ) {}

  /**
   * Counts one call of `key` under `limit`; a refused one is not counted. Never rejects: when the shared count is unavailable, this
   * process counts alone.
   * @returns `null` when the call may be made; otherwise the milliseconds until the next window, at least 1.
   */
  async take(key: string, limit: CallLimit): Promise<number | null> {
    for (;;) {
      const nowMs = this.storeClock.nowMs();
      const window = this.#windows.at(nowMs, limit);
      const share = window.shareOf(key);
      if (share.left > 0) {
        share.left--;
        return null;
      }
      if (share.isSpent) return window.endMs - nowMs;
      share.taking ??= this.#takePortion(key, limit, window, share);
      await share.taking;
    }
  }

  /** Never rejects: afterwards the share has more, or is spent. */
  async #takePortion(
    key: string,
    limit: CallLimit,
    { startMs }: CallWindow,
    share: CallShare,
  ): Promise<void> {
    const portion = Math.max(1, Math.floor(limit.max / 100));
    const counted = { ...limit, key: `${limit.name} ${key}` };
    const take = (counters: Counters) => counters.take(counted, startMs, portion);
    const isAlone = this.clock.elapsedMs() < this.#aloneUntilMs;
    const { count } = await (isAlone ? take(this.#alone) : this.#shared(take));
    share.left = count;
    share.isSpent = count < portion;
    share.taking = null;
  }

  async #shared<T>(take: (counters: Counters) => Promise<T>): Promise<T> {
    try {
      const taken = await withinDeadline(this.answerLimitMs, 'count calls', take(this.counters));
      this.#isAnswering = true;
      return taken;
    } catch (err) {
      this.#aloneUntilMs = this.clock.elapsedMs() + ALONE_MS;
      if (this.#isAnswering) this.log.warn({ err }, 'quota.counting_alone');
      this.#isAnswering = false;
      return take(this.#alone);
    }
  }
}
