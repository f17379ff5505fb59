import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService, MemoryHealthIndicator } from '@nestjs/terminus';
import { EventLoopDelay } from './event-loop-delay.js';
import { memoryLimitBytes } from './memory-limit.js';

/** Above this, something blocks the event loop: in the idle process the delay is microseconds. */
const EVENT_LOOP_DELAY_MS_MAX = 500;

/** The process's use of memory and event loop time. */
@Injectable()
export class ProcessHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly memory: MemoryHealthIndicator,
    private readonly eventLoop: EventLoopDelay,
  ) {}

  async isHealthy(): Promise<HealthIndicatorResult> {
    return { ...(await this.memory.checkRSS('memory', memoryLimitBytes())), ...this.#eventLoopDelay() };
  }

  #eventLoopDelay(): HealthIndicatorResult {
    const { maxMs } = this.eventLoop;
    const indicator = this.indicators.check('eventLoop');
    return maxMs <= EVENT_LOOP_DELAY_MS_MAX ? indicator.up({ maxMs }) : indicator.down({ maxMs });
  }
}
