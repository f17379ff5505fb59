import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { RegistryImage } from './puppets/registry-image.js';

@Injectable()
export class RegistryHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly image: RegistryImage,
  ) {}

  isHealthy(): HealthIndicatorResult {
    const indicator = this.indicators.check('registry');
    return this.image.isLoaded
      ? indicator.up({ puppets: this.image.size })
      : indicator.down('not loaded yet; waiting for the storage');
  }
}
