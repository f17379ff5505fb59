import { Injectable } from '@nestjs/common';
import { StoreClock } from '../../kernel/store-clock.js';
import { Metrics, only, type Sample } from '../../metrics/metrics.js';
import { HINT_STATES } from './hint.js';
import { HintCounts } from './hint-counts.js';

const STATES = [...HINT_STATES, 'unreadable'] as const;

/** Gauges of what waits in the whole store, counted at each scrape. */
@Injectable()
export class HintGauges {
  constructor(
    metrics: Metrics,
    private readonly hints: HintCounts,
    private readonly storeClock: StoreClock,
  ) {
    metrics.reads('gauge', 'wxkf_hints', 'Hints in the whole store.', () => this.#hints());
    metrics.reads(
      'gauge',
      'wxkf_oldest_waiting_hint_age_seconds',
      'Age of the hint in the whole store that waits longest, 0 when none waits.',
      () => this.#oldestAge('oldestWaitingAtMs'),
    );
    metrics.reads(
      'gauge',
      'wxkf_oldest_parked_hint_age_seconds',
      'Age of the parked hint in the whole store that waits longest for a bot, 0 when none is parked.',
      () => this.#oldestAge('oldestParkedAtMs'),
    );
  }

  async #hints(): Promise<Sample[]> {
    const counts = await this.hints.latest();
    if (counts === null) return [];
    return STATES.map((state) => ({ labels: { state }, value: counts[state] }));
  }

  async #oldestAge(of: 'oldestWaitingAtMs' | 'oldestParkedAtMs'): Promise<readonly Sample[]> {
    const counts = await this.hints.latest();
    if (counts === null) return [];
    const nowMs = this.storeClock.nowMs();
    return only(Math.max(0, nowMs - (counts[of] ?? nowMs)) / 1_000);
  }
}
