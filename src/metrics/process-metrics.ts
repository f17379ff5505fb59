import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { collectDefaultMetrics } from 'prom-client';
import { VERSION } from '../kernel/version.js';
import { metricsConfig } from './metrics.config.js';
import { Metrics } from './metrics.js';

/**
 * What prom-client tells of every Node process, and which one this is. Its event-loop delay is emptied at each
 * scrape, and that of `/health` every 15 s: to look at the one must not change the other, so there are two.
 */
@Injectable()
export class ProcessMetrics {
  constructor(metrics: Metrics, @Inject(metricsConfig.KEY) { storage }: ConfigType<typeof metricsConfig>) {
    collectDefaultMetrics({ register: metrics.registry });
    const labels = { version: VERSION, node: process.versions.node, storage };
    metrics.reads('wxkf_build_info', () => [{ labels, value: 1 }]);
  }
}
