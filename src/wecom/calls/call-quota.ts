import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type CountLimit, Counters } from '../../storage/counters/counters.js';
import { MemoryCounters } from '../../storage/counters/memory-counters.js';
import { type CallLimit, type CallShare, type CallWindow, CallWindows } from './call-windows.js';

/** How long a call waits for the shared count. */
const ANSWER_LIMIT_MS = 300;
/** How long this process counts alone after the shared count failed. */
const ALONE_MS = 5_000;
/**
 * The most calls in one portion. A killed process loses the rest of its portion: if portions of a large limit were a hundredth
 * of it, a hundred kills in one window would use up the limit.
 */
const PORTION_MAX = 1_000;

/**
 * Counts calls in fixed windows of the store's clock, together with all replicas. A process takes calls from the shared count in
 * portions, so that not every call waits for the store. A portion is a hundredth of the limit, at most 1,000 calls. When a
 * window is spent, the process asks no more in it. The unused rest of a portion is lost with its window.
 */
@Injectable()
export class CallQuota {
  readonly #windows = new CallWindows();
  /** All calls that this process has taken, with and without the shared count. */
  readonly #own = new MemoryCounters();
  /** By `Clock.elapsedMs`. */
  #aloneUntilMs = Number.NEGATIVE_INFINITY;
  #isAnswering = true;

  constructor(
    private readonly counters: Counters,
    private readonly storeClock: StoreClock,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Counts one call of `key` under `limit`; a refused call is not counted. Never rejects: when the shared count is unavailable,
   * this process counts alone, and includes the calls that it took before.
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

  /** Never rejects. Afterwards the share has calls left, or is spent. */
  async #takePortion(
    key: string,
    limit: CallLimit,
    { startMs }: CallWindow,
    share: CallShare,
  ): Promise<void> {
    const portion = Math.min(PORTION_MAX, Math.max(1, Math.floor(limit.max / 100)));
    const counted = { ...limit, key: `${limit.name} ${key}` };
    const count = (await this.#takeShared(counted, startMs, portion)) ?? portion;
    const own = await this.#own.take(counted, startMs, count);
    share.left = own.count;
    share.isSpent = own.count < portion;
    share.taking = null;
  }

  /** @returns how many calls the shared count gave; `null` while this process counts alone. */
  async #takeShared(counted: CountLimit, startMs: number, portion: number): Promise<number | null> {
    if (this.clock.elapsedMs() < this.#aloneUntilMs) return null;
    try {
      const taking = this.counters.take(counted, startMs, portion);
      const { count } = await withinDeadline(ANSWER_LIMIT_MS, 'count calls', taking);
      this.#isAnswering = true;
      return count;
    } catch (err) {
      this.#aloneUntilMs = this.clock.elapsedMs() + ALONE_MS;
      if (this.#isAnswering) this.log.warn({ err }, 'quota.counting_alone');
      this.#isAnswering = false;
      return null;
    }
  }
}
