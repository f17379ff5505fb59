import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CallbackHealthIndicator } from '../callback/callback.health.js';
import { CallbackModule } from '../callback/callback.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { QueueHealthIndicator } from '../dispatch/later/queue.health.js';
import { OverloadHealthIndicator } from '../dispatch/inline/overload.health.js';
import { Clock } from '../kernel/clock.js';
import { RegistryHealthIndicator } from '../registry/registry.health.js';
import { RegistryModule } from '../registry/registry.module.js';
import { DataDirHealthIndicator } from '../storage/data-dir.health.js';
import { StorageHealthIndicator } from '../storage/storage.health.js';
import { WecomHealthIndicator } from '../wecom/outcomes/wecom.health.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { HEALTH_INDICATORS, HealthController, type HealthIndicator } from './health.controller.js';
import { HealthMetrics } from './health-metrics.js';
import { LifecycleHealthIndicator } from './lifecycle.health.js';
import { ProcessHealthIndicator } from './process.health.js';
import { Readiness } from './readiness.js';

/** In the order of the answer of `/health`. */
const INDICATORS = [
  RegistryHealthIndicator,
  LifecycleHealthIndicator,
  StorageHealthIndicator,
  QueueHealthIndicator,
  CallbackHealthIndicator,
  OverloadHealthIndicator,
  WecomHealthIndicator,
  ProcessHealthIndicator,
  DataDirHealthIndicator,
];

/** Each feature has its indicator. The indicators are provided here, so that a feature works without Terminus. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false }), RegistryModule, DispatchModule, CallbackModule],
  controllers: [HealthController],
  providers: [
    ...INDICATORS,
    { provide: HEALTH_INDICATORS, inject: INDICATORS, useFactory: (...all: HealthIndicator[]) => all },
    { provide: EventLoopDelay, inject: [Clock], useFactory: watchEventLoop },
    HealthMetrics,
    Readiness,
  ],
  exports: [Readiness],
})
export class HealthModule {}

function watchEventLoop(clock: Clock): EventLoopDelay {
  const delays = monitorEventLoopDelay({ resolution: 20 });
  delays.enable();
  return new EventLoopDelay(clock, delays);
}
