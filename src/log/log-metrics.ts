import { Injectable } from '@nestjs/common';
import { byValue, Metrics, only } from '../metrics/metrics.js';
import type { Count } from '../metrics/count.js';
import { DeliveryLog } from './delivery-log.js';

/** Why the log lacks a record: too many waited to be written, the store did not take it, or too many callbacks were refused. */
const REASONS = ['buffer', 'store', 'refused'] as const;

/** Counts what the delivery log had to drop, and says how large it is. */
@Injectable()
export class LogMetrics {
  readonly dropped: Readonly<Record<(typeof REASONS)[number], Count>>;

  constructor(metrics: Metrics, log: DeliveryLog) {
    const dropped = metrics.counter('wxkf_delivery_log_dropped_total');
    this.dropped = byValue(REASONS, (reason) => dropped({ reason }));
    metrics.reads('wxkf_delivery_log_bytes', () =>
      // Unknown while the store is away.
      log.bytes().then(only, () => []),
    );
  }
}
