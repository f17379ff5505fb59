import { Injectable } from '@nestjs/common';
import { Metrics, only } from '../metrics/metrics.js';
import { memoryLimitBytes } from './memory-limit.js';
import { Readiness } from './readiness.js';

/** Whether it is ready, and what memory it may take, without an answer of `/health/ready` to be made for it. */
@Injectable()
export class HealthMetrics {
  constructor(metrics: Metrics, readiness: Readiness) {
    metrics.reads(
      'gauge',
      'wxkf_ready',
      '1 when the process can take callbacks, as /health/ready says.',
      () => only(Number(readiness.isReady)),
    );
    metrics.reads(
      'gauge',
      'wxkf_memory_limit_bytes',
      'Memory limit of the process: above it, /health is down.',
      () => only(memoryLimitBytes()),
    );
  }
}
