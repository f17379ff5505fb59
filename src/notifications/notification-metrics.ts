import { Injectable } from '@nestjs/common';
import type { Count } from '../metrics/count.js';
import { byValue, Metrics } from '../metrics/metrics.js';

const RESULTS = ['sent', 'failed'] as const;

@Injectable()
export class NotificationMetrics {
  readonly #sent: Readonly<Record<(typeof RESULTS)[number], Count>>;

  constructor(metrics: Metrics) {
    const sent = metrics.counter('wxkf_notifications_total');
    this.#sent = byValue(RESULTS, (result) => sent({ result }));
  }

  sent(isTaken: boolean): void {
    this.#sent[isTaken ? 'sent' : 'failed'].add();
  }
}
