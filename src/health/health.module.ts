import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CallbackModule } from '../callback/callback.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { HealthController } from './health.controller.js';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), RegistryModule, CallbackModule],
  controllers: [HealthController],
})
export class HealthModule {}
