import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Clock, SystemClock } from './clock.js';
import { HealthyLines } from './healthy-lines.js';
import { Lifecycle } from './lifecycle.js';
import { LOG, type Log } from './log.js';

/** Time, log and lifecycle, which everything may use. */
@Global()
@Module({})
export class KernelModule {
  /** @param healthyLines by default lets every line through. */
  static forRoot(log: Log, lifecycle: Lifecycle, healthyLines = new HealthyLines(1)): DynamicModule {
    return {
      module: KernelModule,
      providers: [
        { provide: LOG, useValue: log },
        { provide: Clock, useClass: SystemClock },
        { provide: Lifecycle, useValue: lifecycle },
        { provide: HealthyLines, useValue: healthyLines },
      ],
      exports: [LOG, Clock, Lifecycle, HealthyLines],
    };
  }
}
