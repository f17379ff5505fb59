import { Module } from '@nestjs/common';
import { AppsService } from './apps/apps.service.js';
import { EndpointPolicy } from './endpoint-policy.js';
import { RegistryController } from './registry.controller.js';
import { RegistryService } from './registry.service.js';
import { RegistryMetrics } from './registry-metrics.js';

/** Its repositories come from the storage module and its check of secrets from that of tokens, which are global. */
@Module({
  controllers: [RegistryController],
  providers: [RegistryService, AppsService, RegistryMetrics, EndpointPolicy],
  exports: [RegistryService, AppsService, EndpointPolicy],
})
export class RegistryModule {}
