import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { RegistryImage } from './puppets/registry-image.js';
import { RegistrySync } from './sync/registry-sync.js';

@Injectable()
export class RegistryHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly sync: RegistrySync,
    private readonly image: RegistryImage,
  ) {}

  isHealthy(): HealthIndicatorResult {
    const indicator = this.indicators.check('registry');
    return this.sync.isLoaded
      ? indicator.up({ puppets: this.image.size })
      : indicator.down('not loaded yet; waiting for the storage');
  }
}
