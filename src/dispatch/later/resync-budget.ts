/**
 * WeCom blocks sync_msg for a minute once a corp has called it ten times in a minute without a valid sync token
 * (developer.work.weixin.qq.com/document/path/94670). The puppets' own polls count too, so the budget is smaller.
 */
import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type CountLimit, Counters } from '../../storage/counters/counters.js';

export const RESYNCS_PER_WINDOW = 6;
/** Endpoints and accounts that fail for long are probed without a token. One place is left for all other hints. */
export const RESYNCS_OF_PROBES = RESYNCS_PER_WINDOW - 1;
/** The patrol of accounts for which no event came. It leaves half of them to whoever knows that something waits, and to tests. */
export const RESYNCS_OF_PATROL = RESYNCS_PER_WINDOW / 2;
export const RESYNC_WINDOW_MS = 60_000;

/**
 * How often a corp's puppets are told to sync without a token.
 * @param max given by callers that may not use the whole budget.
 */
export function resyncsOf(corpId: string, max = RESYNCS_PER_WINDOW): CountLimit {
  return { key: `resync ${corpId}`, max, windowMs: RESYNC_WINDOW_MS };
}

/** Grants pulls without a sync token, over all replicas. All methods reject with AppError `STORE_UNAVAILABLE`. */
@Injectable()
export class ResyncBudget {
  constructor(
    private readonly counters: Counters,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * @param max given by callers that may not use the whole budget.
   * @returns when to ask again, store time; `null` where it is granted.
   */
  async take(corpId: string, nowMs: number, max?: number): Promise<number | null> {
    return (await this.counters.take(resyncsOf(corpId, max), nowMs)).retryAtMs;
  }

  /** Waits for it, which may take minutes. @returns when it was granted, store time. */
  async whenGranted(corpId: string, max: number): Promise<number> {
    for (;;) {
      const nowMs = this.storeClock.nowMs();
      const retryAtMs = await this.take(corpId, nowMs, max);
      if (retryAtMs === null) return nowMs;
      await this.clock.sleep(Math.max(1, retryAtMs - nowMs));
    }
  }

  /** Nothing was pulled. */
  async giveBack(corpId: string, grantedAtMs: number): Promise<void> {
    await this.counters.giveBack(resyncsOf(corpId), grantedAtMs);
  }
}
