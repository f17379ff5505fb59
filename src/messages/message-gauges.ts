import { Injectable } from '@nestjs/common';
import { StoreClock } from '../kernel/store-clock.js';
import { Metrics, only, type Sample } from '../metrics/metrics.js';
import { MESSAGE_STATES } from '../dispatch/queue/message.js';
import { MessageCounts } from './message-counts.js';

/** Gauges of the messages in the whole store, counted at each scrape. */
@Injectable()
export class MessageGauges {
  constructor(
    metrics: Metrics,
    private readonly messages: MessageCounts,
    private readonly storeClock: StoreClock,
  ) {
    metrics.reads('gauge', 'wxkf_messages', 'Messages in the whole store.', () => this.#messages());
    metrics.reads(
      'gauge',
      'wxkf_oldest_waiting_message_age_seconds',
      'Age of the message in the whole store that waits longest, 0 when none waits.',
      () => this.#oldestAge(),
    );
  }

  async #messages(): Promise<Sample[]> {
    const counts = await this.messages.latest();
    if (counts === null) return [];
    return MESSAGE_STATES.map((state) => ({ labels: { state }, value: counts[state] }));
  }

  async #oldestAge(): Promise<readonly Sample[]> {
    const counts = await this.messages.latest();
    if (counts === null) return [];
    const nowMs = this.storeClock.nowMs();
    return only(Math.max(0, nowMs - (counts.oldestWaitingAtMs ?? nowMs)) / 1_000);
  }
}
