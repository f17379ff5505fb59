import { Injectable } from '@nestjs/common';
import { ageMs, StoreClock } from '../../kernel/store-clock.js';
import { Metrics, only, type Sample } from '../../metrics/metrics.js';
import { LINE_STATES } from '../../storage/queue/line.js';
import { ENTRY_STATES } from '../../storage/queue/entry.js';
import { QueueCounts } from './queue-counts.js';

const HINT_STATES = [...LINE_STATES, 'paused', 'unreadable'] as const;

/** Gauges of what waits in the whole store, counted at each scrape; without samples where the store does not answer. */
@Injectable()
export class QueueGauges {
  constructor(
    metrics: Metrics,
    counts: QueueCounts,
    private readonly storeClock: StoreClock,
  ) {
    metrics.reads('wxkf_hints', async () => byState(HINT_STATES, await counts.hints()));
    metrics.reads('wxkf_oldest_waiting_hint_age_seconds', async () =>
      this.#age((await counts.hints())?.oldestWaitingAtMs),
    );
    metrics.reads('wxkf_oldest_parked_hint_age_seconds', async () =>
      this.#age((await counts.hints())?.oldestParkedAtMs),
    );
    metrics.reads('wxkf_messages', async () => byState(ENTRY_STATES, await counts.messages()));
    metrics.reads('wxkf_oldest_waiting_message_age_seconds', async () =>
      this.#age((await counts.messages())?.oldestWaitingAtMs),
    );
  }

  /** @param sinceMs `null` where none waits; `undefined` where that is not known. */
  #age(sinceMs: number | null | undefined): readonly Sample[] {
    if (sinceMs === undefined) return [];
    const nowMs = this.storeClock.nowMs();
    return only(ageMs(nowMs, sinceMs ?? nowMs) / 1_000);
  }
}

function byState<S extends string>(
  states: readonly S[],
  counts: Readonly<Record<S, number>> | null,
): readonly Sample<'state'>[] {
  return counts === null ? [] : states.map((state) => ({ labels: { state }, value: counts[state] }));
}
