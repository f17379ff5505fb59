import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { Clock } from '../../kernel/clock.js';
import { Recent } from '../../kernel/recent.js';
import { ageMs, StoreClock } from '../../kernel/store-clock.js';
import { HintKeeper } from './hint-keeper.js';
import { EventQueue } from '../../queue/event-queue.js';
import type { HintCounts } from '../../queue/event.js';

/** The store counts no more often than this, however often health is asked for. */
const COUNT_AGE_MS_MAX = 5_000;

/** Dead letters and unreadable records need an operator, and do not make the manager down. */
@Injectable()
export class QueueHealthIndicator {
  /** `null` when the queue does not answer. */
  readonly #counts: Recent<HintCounts | null>;

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly keeper: HintKeeper,
    private readonly storeClock: StoreClock,
    queue: EventQueue,
    clock: Clock,
  ) {
    this.#counts = new Recent(clock, () => queue.counts().catch(() => null));
  }

  async isHealthy(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('outbox');
    const counted = await this.#counts.latest(COUNT_AGE_MS_MAX);
    if (counted === null) return indicator.down('the outbox does not answer; the log says why');
    const { oldestWaitingAtMs, ...counts } = counted;
    const nowMs = this.storeClock.nowMs();
    const oldestWaitingMs = oldestWaitingAtMs === null ? 0 : ageMs(nowMs, oldestWaitingAtMs);
    if (!this.keeper.isFailing) return indicator.up({ ...counts, oldestWaitingMs });
    return indicator.down({
      ...counts,
      oldestWaitingMs,
      message: 'the last event could not be kept; the log says why',
    });
  }
}
