import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { CallsModule } from '../wecom/calls/calls.module.js';
import { AgentCarrier } from './agent-carrier.js';
import { AgentLog } from './agent-log.js';
import { AgentsController } from './agents.controller.js';
import { AgentMetrics } from './agent-metrics.js';
import { Conversations } from './conversations.js';
import { Fallbacks } from './fallbacks.js';
import { Replies } from './replies.js';
import { AgentSender } from './agent-sender.js';
import { ServiceClient } from './service/service-client.js';

/** Bots without a program: a service answers for them. Its `RecordStore` comes from the storage module, which is global. */
@Module({
  imports: [RegistryModule, DispatchModule, CallsModule],
  controllers: [AgentsController],
  providers: [
    AgentCarrier,
    AgentLog,
    AgentMetrics,
    Conversations,
    Fallbacks,
    Replies,
    AgentSender,
    ServiceClient,
  ],
  exports: [AgentCarrier],
})
export class AgentsModule {}
