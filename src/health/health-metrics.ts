import { Injectable } from '@nestjs/common';
import { Metrics, only } from '../metrics/metrics.js';
import { memoryLimitBytes } from './memory-limit.js';
import { Readiness } from './readiness.js';

/** Metrics of readiness and of the memory limit, without a request to `/health/ready`. */
@Injectable()
export class HealthMetrics {
  constructor(metrics: Metrics, readiness: Readiness) {
    metrics.reads('wxkf_ready', () => only(Number(readiness.isReady)));
    metrics.reads('wxkf_memory_limit_bytes', () => only(memoryLimitBytes()));
  }
}
