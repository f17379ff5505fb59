import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { WecomMetrics } from './wecom-metrics.js';

/** Never down: it counts how calls to WeCom ended. */
@Injectable()
export class WecomHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly metrics: WecomMetrics,
  ) {}

  isHealthy(): HealthIndicatorResult {
    return this.indicators.check('wecom').up(this.metrics.toJSON());
  }
}
