import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { ProxyUpstream } from './proxy/proxy-upstream.js';
import { ApiProxy } from './proxy/api-proxy.js';
import { CallCredentials } from './proxy/call-credentials.js';
import { CallLimits } from './proxy/call-limits.js';
import { CallQuota } from './proxy/call-quota.js';
import { TokenAnswers } from './tokens/token-answers.js';
import { BotCalls } from './proxy/bot-calls.js';
import { KfCalls } from './kf-calls.js';
import { KfSync } from './kf-sync.js';
import { OwnCalls } from './client/own-calls.js';
import { CgiBinController } from './cgi-bin.controller.js';
import { WecomAccounts } from './wecom-accounts.js';
import { WecomController } from './wecom.controller.js';
import { TokensModule } from './tokens/tokens.module.js';

/** Calls to WeCom. Counters come from the storage module, which is global. */
@Module({
  imports: [RegistryModule, TokensModule],
  controllers: [CgiBinController, WecomController],
  providers: [
    ApiProxy,
    BotCalls,
    ProxyUpstream,
    CallCredentials,
    CallLimits,
    CallQuota,
    KfCalls,
    KfSync,
    OwnCalls,
    TokenAnswers,
    WecomAccounts,
  ],
  exports: [KfCalls, KfSync, WecomAccounts],
})
export class WecomModule {}
