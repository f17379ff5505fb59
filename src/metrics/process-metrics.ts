import { Inject, Injectable } from '@nestjs/common';
import { collectDefaultMetrics } from 'prom-client';
import { CONFIG, type Config } from '../config/config.js';
import { VERSION } from '../kernel/version.js';
import { Metrics } from './metrics.js';

/**
 * What prom-client tells of every Node process, and which one this is. Its event-loop delay is emptied at each
 * scrape, and that of `/health` every 15 s: to look at the one must not change the other, so there are two.
 */
@Injectable()
export class ProcessMetrics {
  constructor(metrics: Metrics, @Inject(CONFIG) { mongoUri }: Config) {
    collectDefaultMetrics({ register: metrics.registry });
    const labels = {
      version: VERSION,
      node: process.versions.node,
      storage: mongoUri === undefined ? 'embedded' : 'mongodb',
    };
    metrics.reads('gauge', 'wxkf_build_info', 'Always 1; the labels say what runs.', () => [
      { labels, value: 1 },
    ]);
  }
}
