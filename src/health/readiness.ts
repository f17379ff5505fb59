import { Injectable } from '@nestjs/common';
import { Lifecycle } from '../kernel/lifecycle.js';
import { RegistryImage } from '../registry/puppets/registry-image.js';

/** Whether this process can take callbacks, as `/health/ready` answers. */
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
