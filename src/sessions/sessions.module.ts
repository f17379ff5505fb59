import { Module } from '@nestjs/common';
import { CustomerCounts } from '../insight/accounts/customer-counts.js';
import { PageRules } from '../messages/pulling/page-rules.js';
import { RegistryModule } from '../registry/registry.module.js';
import { People } from '../wecom/calls/people.js';
import { SessionCalls } from '../wecom/calls/session-calls.js';
import { CallsModule } from '../wecom/calls/calls.module.js';
import { BotHandOvers } from './bot-hand-overs.js';
import { FollowedCalls } from './followed-calls.js';
import { HandOvers } from './hand-overs.js';
import { ServiceCalls } from './service-calls.js';
import { SessionMetrics } from './session-metrics.js';
import { SessionRules } from './session-rules.js';
import { SessionStore } from './session-store.js';
import { SessionTexts } from './session-texts.js';
import { SessionsController } from './sessions.controller.js';
import { TextSender } from './text-sender.js';
import { StoredCounts } from './stored-counts.js';

/** Bots that share customers with people. */
@Module({
  imports: [RegistryModule, CallsModule],
  controllers: [SessionsController],
  providers: [
    BotHandOvers,
    HandOvers,
    ServiceCalls,
    SessionMetrics,
    SessionStore,
    SessionTexts,
    TextSender,
    { provide: PageRules, useClass: SessionRules },
    { provide: SessionCalls, useClass: FollowedCalls },
    { provide: People, useExisting: BotHandOvers },
    { provide: CustomerCounts, useClass: StoredCounts },
  ],
  exports: [CustomerCounts, PageRules, People, SessionCalls],
})
export class SessionsModule {}
