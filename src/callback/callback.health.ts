import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { CallbackMetrics } from './callback-metrics.js';

/** Never down: it counts how callbacks ended. */
@Injectable()
export class CallbackHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly metrics: CallbackMetrics,
  ) {}

  isHealthy(): HealthIndicatorResult {
    return this.indicators.check('callbacks').up(this.metrics.toJSON());
  }
}
