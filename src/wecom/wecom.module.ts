import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { ProxyUpstream } from './proxy/proxy-upstream.js';
import { ApiProxy } from './proxy/api-proxy.js';
import { CallCredentials } from './proxy/call-credentials.js';
import { CallLimits } from './proxy/call-limits.js';
import { TokenAnswers } from './tokens/token-answers.js';
import { BotCalls } from './proxy/bot-calls.js';
import { CgiBinController } from './cgi-bin.controller.js';
import { WecomController } from './wecom.controller.js';

/** Its quota comes from the storage module and its tokens from theirs, which are global. */
@Module({
  imports: [RegistryModule],
  controllers: [CgiBinController, WecomController],
  providers: [ApiProxy, BotCalls, ProxyUpstream, CallCredentials, CallLimits, TokenAnswers],
})
export class WecomModule {}
