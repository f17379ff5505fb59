import { Global, Module } from '@nestjs/common';
import { HttpMetrics } from './http-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { Metrics } from './metrics.js';
import { OutgoingSockets } from './outgoing-sockets.js';
import { ProcessMetrics } from './process-metrics.js';

/** The registry, which all features may use, its route, and what belongs to no feature. */
@Global()
@Module({
  controllers: [MetricsController],
  providers: [Metrics, OutgoingSockets, HttpMetrics, ProcessMetrics],
  exports: [Metrics, OutgoingSockets],
})
export class MetricsModule {}
