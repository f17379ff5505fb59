import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { MemoryCounters } from '../../storage/counters/memory-counters.js';
import { ResyncBudget, RESYNCS_PER_WINDOW, resyncsOf } from './resync-budget.js';

/** Tests of a corp in a minute, by this process; the rest of what WeCom allows is for hints. */
const TESTS_PER_WINDOW = RESYNCS_PER_WINDOW / 2;

/** Grants tests: each makes a bot pull without a sync token. */
@Injectable()
export class TestBudget {
  /** The tests of each corp. */
  readonly #tests = new MemoryCounters();

  constructor(
    private readonly resyncs: ResyncBudget,
    private readonly storeClock: StoreClock,
  ) {}

  /** @returns when it was granted, store time. @throws AppError `RESYNC_LIMITED` */
  async take(corpId: string): Promise<number> {
    const nowMs = this.storeClock.nowMs();
    const own = await this.#tests.take(resyncsOf(corpId, TESTS_PER_WINDOW), nowMs);
    if (own.retryAtMs !== null) throw toLimited(own.retryAtMs, nowMs);
    // While the store is away no hint gets a grant, so an operator's few tests are within WeCom's limit.
    const retryAtMs = await this.resyncs.take(corpId, nowMs).catch((error: unknown) => {
      if (error instanceof AppError) return null;
      throw error;
    });
    if (retryAtMs === null) return nowMs;
    await this.#tests.giveBack(resyncsOf(corpId), nowMs);
    throw toLimited(retryAtMs, nowMs);
  }

  /** The bot has seen nothing. */
  async giveBack(corpId: string, grantedAtMs: number): Promise<void> {
    await this.#tests.giveBack(resyncsOf(corpId), grantedAtMs);
    await this.resyncs.giveBack(corpId, grantedAtMs).catch(() => {});
  }
}

function toLimited(retryAtMs: number, nowMs: number): AppError {
  return new AppError('RESYNC_LIMITED', { retryAfterS: Math.max(1, Math.ceil((retryAtMs - nowMs) / 1_000)) });
}
