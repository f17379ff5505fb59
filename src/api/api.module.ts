import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { AppsController } from './apps.controller.js';

@Module({
  imports: [RegistryModule],
  controllers: [AppsController],
})
export class ApiModule {}
