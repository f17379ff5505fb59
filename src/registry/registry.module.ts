import { Module } from '@nestjs/common';
import { EndpointPolicy } from './endpoint-policy.js';
import { RegistryController } from './registry.controller.js';
import { RegistryService } from './registry.service.js';

/** Its repository comes from the storage module, which is global. */
@Module({
  controllers: [RegistryController],
  providers: [RegistryService, EndpointPolicy],
  exports: [RegistryService, EndpointPolicy],
})
export class RegistryModule {}
