import { Injectable } from '@nestjs/common';
import { Lifecycle } from '../kernel/lifecycle.js';
import { RegistryImage } from '../registry/puppets/registry-image.js';

/** Whether it can take callbacks, as `/health/ready` says. */
@Injectable()
export class Readiness {
  constructor(
    private readonly registry: RegistryImage,
    private readonly lifecycle: Lifecycle,
  ) {}

  get isReady(): boolean {
    return this.registry.isLoaded && !this.lifecycle.isDraining;
  }
}
