import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { AccessTokens } from './access-tokens.js';
import { ApiProxy } from './api-proxy.js';
import { CallCredentials } from './call-credentials.js';
import { CallLimits } from './call-limits.js';
import { TokenAnswers } from './token-answers.js';
import { TokenSource } from './token-source.js';
import { WecomController } from './wecom.controller.js';
import { WecomCounts } from './wecom-counts.js';

/** Its token store and quota come from the storage module, which is global. */
@Module({
  imports: [RegistryModule],
  controllers: [WecomController],
  providers: [AccessTokens, ApiProxy, CallCredentials, CallLimits, TokenAnswers, TokenSource, WecomCounts],
  exports: [WecomCounts],
})
export class WecomModule {}
