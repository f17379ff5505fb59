import { Injectable } from '@nestjs/common';
import type { Count } from '../metrics/count.js';
import { byValue, Metrics } from '../metrics/metrics.js';

/** Why a call has no entry of its own: the store was away for too long, or too many calls of its kind came and are counted. */
const REASONS = ['store', 'sign_ins', 'refused'] as const;

@Injectable()
export class AuditMetrics {
  readonly dropped: Readonly<Record<(typeof REASONS)[number], Count>>;

  constructor(metrics: Metrics) {
    const dropped = metrics.counter('wxkf_audit_dropped_total');
    this.dropped = byValue(REASONS, (reason) => dropped({ reason }));
  }
}
