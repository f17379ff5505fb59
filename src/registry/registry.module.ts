import { Module } from '@nestjs/common';
import { EndpointPolicy } from './endpoint-policy.js';
import { RegistryController } from './registry.controller.js';
import { RegistryService } from './registry.service.js';
import { RegistryMetrics } from './registry-metrics.js';

/** Its repository comes from the storage module and its check of secrets from that of tokens, which are global. */
@Module({
  controllers: [RegistryController],
  providers: [RegistryService, RegistryMetrics, EndpointPolicy],
  exports: [RegistryService, EndpointPolicy],
})
export class RegistryModule {}
