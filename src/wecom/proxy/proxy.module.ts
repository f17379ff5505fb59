import { Module } from '@nestjs/common';
import { RegistryModule } from '../../registry/registry.module.js';
import { CallsModule } from '../calls/calls.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { ApiProxy } from './api-proxy.js';
import { BotAccess } from './bot-access.js';
import { BotCalls } from './bot-calls.js';
import { CallCredentials } from './call-credentials.js';
import { CgiBinController } from './cgi-bin.controller.js';
import { ProxyUpstream } from './proxy-upstream.js';
import { PullTokens } from './pull-tokens.js';
import { WecomController } from './wecom.controller.js';

/** Calls of programs to WeCom. */
@Module({
  imports: [CallsModule, RegistryModule, TokensModule],
  controllers: [CgiBinController, WecomController],
  providers: [ApiProxy, BotAccess, BotCalls, CallCredentials, ProxyUpstream, PullTokens],
})
export class ProxyModule {}
