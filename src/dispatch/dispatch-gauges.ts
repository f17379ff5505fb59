import { Injectable } from '@nestjs/common';
import { StoreClock } from '../kernel/store-clock.js';
import { byOrigin, toOrigin } from '../metrics/by-origin.js';
import { Metrics, only, type Sample } from '../metrics/metrics.js';
import { OutgoingSockets } from '../metrics/outgoing-sockets.js';
import { HINT_STATES } from './hint.js';
import { HintCounts } from './hint-counts.js';
import { HintKeeper } from './hint-keeper.js';
import { Overload } from './overload.js';
import type { OverloadCounts } from './overload-notice.js';
import { PuppetClient } from './puppet-client.js';
import { Redelivery } from './redelivery.js';

const STATES = [...HINT_STATES, 'unreadable'] as const;

/** What waits and what is in trouble, as it is when somebody looks. */
@Injectable()
export class DispatchGauges {
  constructor(
    metrics: Metrics,
    sockets: OutgoingSockets,
    client: PuppetClient,
    redelivery: Redelivery,
    keeper: HintKeeper,
    overload: Overload,
    private readonly hints: HintCounts,
    private readonly storeClock: StoreClock,
  ) {
    sockets.watch('puppet', client.pools);
    metrics.reads('gauge', 'wxkf_hints', 'Hints in the whole store.', () => this.#hints());
    metrics.reads(
      'gauge',
      'wxkf_oldest_waiting_hint_age_seconds',
      'Age of the hint in the whole store that waits longest, 0 when none waits.',
      () => this.#oldestAge(),
    );
    metrics.reads(
      'gauge',
      'wxkf_keeping_failing',
      '1 while the last event that was to be kept could not be.',
      () => only(Number(keeper.isFailing)),
    );
    metrics.reads(
      'counter',
      'wxkf_overload_total',
      'What there was too much of, and what was done with it.',
      () => overloads(overload.counts),
    );
    metrics.reads('gauge', 'wxkf_open_circuits', 'Endpoints that get nothing but probes, by origin.', () =>
      byOrigin(countByOrigin(redelivery.circuits.open)),
    );
  }

  async #hints(): Promise<Sample[]> {
    const counts = await this.hints.latest();
    if (counts === null) return [];
    return STATES.map((state) => ({ labels: { state }, value: counts[state] }));
  }

  async #oldestAge(): Promise<readonly Sample[]> {
    const counts = await this.hints.latest();
    if (counts === null) return [];
    const nowMs = this.storeClock.nowMs();
    return only(Math.max(0, nowMs - (counts.oldestWaitingAtMs ?? nowMs)) / 1_000);
  }
}

function overloads(counts: OverloadCounts): Sample[] {
  return Object.entries(counts).flatMap(([action, reasons]) =>
    Object.entries<number>(reasons).map(([reason, value]) => ({ labels: { action, reason }, value })),
  );
}

function countByOrigin(endpoints: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const endpoint of endpoints) {
    const origin = toOrigin(endpoint);
    counts.set(origin, (counts.get(origin) ?? 0) + 1);
  }
  return counts;
}
