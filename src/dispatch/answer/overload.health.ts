import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { Overload } from './overload.js';

/** Never down: the manager is well while it refuses what is too much. */
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
