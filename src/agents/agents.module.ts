import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { CallsModule } from '../wecom/calls/calls.module.js';
import { AgentCarrier } from './agent-carrier.js';
import { AgentLog } from './agent-log.js';
import { AgentQuestions } from './agent-questions.js';
import { AgentMetrics } from './agent-metrics.js';
import { Conversations } from './conversations.js';
import { Fallbacks } from './fallbacks.js';
import { Replies } from './replies.js';
import { ReplySender } from './reply-sender.js';
import { AgentSender } from './agent-sender.js';
import { AgentTests } from './agent-tests.js';
import { ServiceClient } from './service/service-client.js';

/** Bots without a program: a service answers for them. Its `RecordStore` comes from the storage module, which is global. */
@Module({
  imports: [RegistryModule, DispatchModule, CallsModule],
  providers: [
    AgentCarrier,
    AgentLog,
    AgentMetrics,
    Conversations,
    Fallbacks,
    AgentQuestions,
    Replies,
    ReplySender,
    AgentSender,
    AgentTests,
    ServiceClient,
  ],
  exports: [AgentCarrier, AgentTests],
})
export class AgentsModule {}
