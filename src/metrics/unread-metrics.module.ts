import { Global, Module } from '@nestjs/common';
import { Metrics } from './metrics.js';

/** For commands: nobody reads what is counted. */
@Global()
@Module({ providers: [Metrics], exports: [Metrics] })
export class UnreadMetricsModule {}
