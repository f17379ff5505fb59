import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Clock, SystemClock } from './clock.js';
import { Lifecycle } from './lifecycle.js';
import { LOG, type Log } from './log.js';

/** Time, log and lifecycle, which everything may use. */
@Global()
@Module({})
export class KernelModule {
  static forRoot(log: Log, lifecycle: Lifecycle): DynamicModule {
    return {
      module: KernelModule,
      providers: [
        { provide: LOG, useValue: log },
        { provide: Clock, useClass: SystemClock },
        { provide: Lifecycle, useValue: lifecycle },
      ],
      exports: [LOG, Clock, Lifecycle],
    };
  }
}
