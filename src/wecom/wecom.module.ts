import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { ApiProxy } from './proxy/api-proxy.js';
import { CallCredentials } from './proxy/call-credentials.js';
import { CallLimits } from './proxy/call-limits.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { TokenAnswers } from './tokens/token-answers.js';
import { TokenSource } from './tokens/token-source.js';
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
