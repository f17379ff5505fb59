import { Module } from '@nestjs/common';
import { RegistryModule } from '../../registry/registry.module.js';
import { OwnCalls } from '../client/own-calls.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { CallLimits } from './call-limits.js';
import { CallQuota } from './call-quota.js';
import { KfCalls } from './kf-calls.js';
import { KfSync } from './kf-sync.js';
import { WecomAccounts } from './wecom-accounts.js';

/** The manager's own calls to WeCom. Counters come from the storage module, which is global. */
@Module({
  imports: [RegistryModule, TokensModule],
  providers: [CallLimits, CallQuota, KfCalls, KfSync, OwnCalls, WecomAccounts],
  exports: [CallLimits, KfCalls, KfSync, WecomAccounts],
})
export class CallsModule {}
