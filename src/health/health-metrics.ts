import { Injectable } from '@nestjs/common';
import { Lifecycle } from '../kernel/lifecycle.js';
import { Metrics, only } from '../metrics/metrics.js';
import { RegistrySync } from '../registry/registry-sync.js';
import { memoryLimitBytes } from './memory-limit.js';

/** Whether it is ready, and what memory it may take, without an answer of `/health/ready` to be made for it. */
@Injectable()
export class HealthMetrics {
  constructor(metrics: Metrics, registry: RegistrySync, lifecycle: Lifecycle) {
    metrics.reads('gauge', 'wxkf_ready', '1 when it can take callbacks, as /health/ready says.', () =>
      only(Number(registry.isLoaded && !lifecycle.isDraining)),
    );
    metrics.reads(
      'gauge',
      'wxkf_memory_limit_bytes',
      'What the process may take: above it, /health is down.',
      () => only(memoryLimitBytes()),
    );
  }
}
