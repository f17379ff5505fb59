import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Clock, SystemClock } from './clock.js';
import { HealthyLogLines } from './healthy-log-lines.js';
import { Lifecycle } from './lifecycle.js';
import { LOG, type Log } from './log.js';
import { NoTracing, Tracing } from './tracing.js';

/** Time, log, lifecycle and tracing, which everything may use. */
@Global()
@Module({})
export class KernelModule {
  /** @param given replaces the defaults: every healthy line is written, and traces are only passed on. */
  static forRoot(
    log: Log,
    lifecycle: Lifecycle,
    given: { readonly healthyLogLines?: HealthyLogLines; readonly tracing?: Tracing | undefined } = {},
  ): DynamicModule {
    const { healthyLogLines = new HealthyLogLines(1), tracing = new NoTracing() } = given;
    return {
      module: KernelModule,
      providers: [
        { provide: LOG, useValue: log },
        { provide: Clock, useClass: SystemClock },
        { provide: Lifecycle, useValue: lifecycle },
        { provide: HealthyLogLines, useValue: healthyLogLines },
        { provide: Tracing, useValue: tracing },
      ],
      exports: [LOG, Clock, Lifecycle, HealthyLogLines, Tracing],
    };
  }
}
