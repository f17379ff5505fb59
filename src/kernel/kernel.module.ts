import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Clock, SystemClock } from './clock.js';
import { Lifecycle } from './lifecycle.js';
import { LOG, type Log } from './log.js';
import { NoTracing, Tracing } from './tracing.js';

/** Time, log, lifecycle and tracing, which everything may use. */
@Global()
@Module({})
export class KernelModule {
  static forRoot(log: Log, lifecycle: Lifecycle, tracing: Tracing = new NoTracing()): DynamicModule {
    return {
      module: KernelModule,
      providers: [
        { provide: LOG, useValue: log },
        { provide: Clock, useClass: SystemClock },
        { provide: Lifecycle, useValue: lifecycle },
        { provide: Tracing, useValue: tracing },
      ],
      exports: [LOG, Clock, Lifecycle, Tracing],
    };
  }
}
