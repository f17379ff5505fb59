import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type CounterGrant, type CountLimit, Counters } from '../../storage/counters/counters.js';
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
/** For so long the store is not asked again whether there is room. */
const FULL_MS = 1_000;

/** Store time. */
interface FullLimit {
  readonly askedAtMs: number;
  readonly retryAtMs: number;
}

/**
 * Counts calls in fixed windows of the store's clock, together with all replicas. A process takes calls from the shared count in
 * portions, so that not every call waits for the store. A portion is a hundredth of the limit, at most 1,000 calls. When a
 * window is spent, the process asks no more in it. The unused rest of a portion is lost with its window. Of a small limit each call
 * is counted at its own time (`takeSliding`): around the turn of a fixed window WeCom would see twice as many.
 */
@Injectable()
export class CallQuota {
  readonly #windows = new CallWindows();
  /** All calls that this process has taken, with and without the shared count. */
  readonly #own = new MemoryCounters();
  /** Small limits that were used up within the last second. */
  readonly #full = new Map<string, FullLimit>();
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

  /**
   * As `take`, of a small limit: no more is granted within any window, wherever it begins, and the store is asked for each call.
   * @returns how to give it back; or the milliseconds until there is room, at least 1.
   */
  async takeSliding(key: string, limit: CallLimit): Promise<(() => void) | number> {
    const counted = { ...limit, key: `${limit.name} ${key}` };
    const nowMs = this.storeClock.nowMs();
    const full = this.#full.get(counted.key);
    if (full !== undefined && nowMs < full.askedAtMs + FULL_MS) return Math.max(1, full.retryAtMs - nowMs);
    const shared = await this.#takeShared(counted, nowMs, 1);
    const { retryAtMs } = shared?.retryAtMs == null ? await this.#own.take(counted, nowMs) : shared;
    if (retryAtMs !== null) {
      this.#noteFull(counted.key, { askedAtMs: nowMs, retryAtMs });
      return Math.max(1, retryAtMs - nowMs);
    }
    return () => {
      void this.#own.giveBack(counted, nowMs);
      // Where that fails, it counts until its window is over.
      if (shared !== null) this.counters.giveBack(counted, nowMs).catch(() => {});
    };
  }

  /** Who calls too often does not ask the store each time. Others may give back, so that there may be room before it was said. */
  #noteFull(key: string, full: FullLimit): void {
    for (const [other, { askedAtMs }] of this.#full)
      if (full.askedAtMs - askedAtMs >= FULL_MS) this.#full.delete(other);
    this.#full.set(key, full);
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
    const count = (await this.#takeShared(counted, startMs, portion))?.count ?? portion;
    const own = await this.#own.take(counted, startMs, count);
    share.left = own.count;
    share.isSpent = own.count < portion;
    share.taking = null;
  }

  /** @returns what the shared count gave; `null` while this process counts alone. */
  async #takeShared(counted: CountLimit, atMs: number, count: number): Promise<CounterGrant | null> {
    if (this.clock.elapsedMs() < this.#aloneUntilMs) return null;
    try {
      const taking = this.counters.take(counted, atMs, count);
      const taken = await withinDeadline(ANSWER_LIMIT_MS, 'count calls', taking);
      this.#isAnswering = true;
      return taken;
    } catch (err) {
      this.#aloneUntilMs = this.clock.elapsedMs() + ALONE_MS;
      if (this.#isAnswering) this.log.warn({ err }, 'quota.counting_alone');
      this.#isAnswering = false;
      return null;
    }
  }
}
