import { Injectable } from '@nestjs/common';
import { Lifecycle } from '../kernel/lifecycle.js';
import { RegistrySync } from '../registry/sync/registry-sync.js';

/** Whether it can take callbacks, as `/health/ready` says. */
@Injectable()
export class Readiness {
  constructor(
    private readonly registry: RegistrySync,
    private readonly lifecycle: Lifecycle,
  ) {}

  get isReady(): boolean {
    return this.registry.isLoaded && !this.lifecycle.isDraining;
  }
}
