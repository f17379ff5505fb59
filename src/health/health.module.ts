import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CallbackModule } from '../callback/callback.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { Clock } from '../kernel/clock.js';
import { RegistryModule } from '../registry/registry.module.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { HealthController } from './health.controller.js';
import { HealthMetrics } from './health-metrics.js';
import { StoreReport } from './store-report.js';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), RegistryModule, DispatchModule, CallbackModule],
  controllers: [HealthController],
  providers: [
    HealthMetrics,
    StoreReport,
    { provide: EventLoopDelay, inject: [Clock], useFactory: watchEventLoop },
  ],
})
export class HealthModule {}

function watchEventLoop(clock: Clock): EventLoopDelay {
  const delays = monitorEventLoopDelay({ resolution: 20 });
  delays.enable();
  return new EventLoopDelay(clock, delays);
}
