import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { Overload } from './overload.js';

/** Never down: a manager that refuses what is too much is healthy. */
@Injectable()
export class OverloadHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly overload: Overload,
  ) {}

  isHealthy(): HealthIndicatorResult {
    const { eventsUnderWay, attemptsUnderWay, counts } = this.overload;
    return this.indicators.check('overload').up({ eventsUnderWay, attemptsUnderWay, ...counts });
  }
}
