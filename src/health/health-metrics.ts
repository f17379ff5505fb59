import { Injectable } from '@nestjs/common';
import { Metrics, only } from '../metrics/metrics.js';
import { memoryLimitBytes } from './memory-limit.js';
import { Readiness } from './readiness.js';

/** Whether it is ready, and what memory it may take, without an answer of `/health/ready` to be made for it. */
@Injectable()
export class HealthMetrics {
  constructor(metrics: Metrics, readiness: Readiness) {
    metrics.reads('wxkf_ready', () => only(Number(readiness.isReady)));
    metrics.reads('wxkf_memory_limit_bytes', () => only(memoryLimitBytes()));
  }
}
