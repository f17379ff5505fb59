import { type DynamicModule, Global, Module } from '@nestjs/common';
import { HttpCounts } from '../http/limits/http-counts.js';
import { HttpMetrics } from './http-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { Metrics } from './metrics.js';
import { OutgoingSockets } from './outgoing-sockets.js';
import { ProcessMetrics } from './process-metrics.js';

/** The registry, which all features may use, its route, and what belongs to no feature. */
@Global()
@Module({})
export class MetricsModule {
  static forRoot(counts: HttpCounts): DynamicModule {
    return {
      module: MetricsModule,
      controllers: [MetricsController],
      providers: [
        Metrics,
        OutgoingSockets,
        HttpMetrics,
        ProcessMetrics,
        { provide: HttpCounts, useValue: counts },
      ],
      exports: [Metrics, OutgoingSockets],
    };
  }
}
