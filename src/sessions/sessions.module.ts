import { Global, Module } from '@nestjs/common';
import { PageRules } from '../messages/pulling/page-rules.js';
import { RegistryModule } from '../registry/registry.module.js';
import { SessionCalls } from '../wecom/proxy/session-calls.js';
import { WecomModule } from '../wecom/wecom.module.js';
import { FollowedCalls } from './followed-calls.js';
import { HandOvers } from './hand-overs.js';
import { ServiceCalls } from './service-calls.js';
import { SessionMetrics } from './session-metrics.js';
import { SessionRules } from './session-rules.js';
import { SessionStore } from './session-store.js';
import { SessionTexts } from './session-texts.js';

/** Bots that share customers with people. Global, since it provides ports of the pulls and of the proxy. */
@Global()
@Module({
  imports: [RegistryModule, WecomModule],
  providers: [
    HandOvers,
    ServiceCalls,
    SessionMetrics,
    SessionStore,
    SessionTexts,
    { provide: PageRules, useClass: SessionRules },
    { provide: SessionCalls, useClass: FollowedCalls },
  ],
  exports: [PageRules, SessionCalls],
})
export class SessionsModule {}
