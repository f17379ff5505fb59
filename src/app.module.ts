import { type DynamicModule, Module } from '@nestjs/common';
import { AgentCarrier } from './agents/agent-carrier.js';
import { agentsConfig } from './agents/service/agents.config.js';
import { AgentsModule } from './agents/agents.module.js';
import { AgentsController } from './api/agents/agents.controller.js';
import { apiConfig } from './api/bots/api.config.js';
import { ApiModule, type ControllerLine } from './api/api.module.js';
import { ConnectionsController } from './api/connections/connections.controller.js';
import { NotificationsController } from './api/notifications/notifications.controller.js';
import { AuditModule } from './audit/audit.module.js';
import { callbackConfig } from './callback/callback.config.js';
import { CallbackModule } from './callback/callback.module.js';
import type { Config } from './config/config.js';
import { configModule } from './config/config.module.js';
import type { Namespace } from './config/namespace.js';
import { consoleConfig } from './console/console.config.js';
import { ConsoleModule } from './console/console.module.js';
import { oidcConfig } from './console/oidc/oidc.config.js';
import { OidcModule } from './console/oidc/oidc.module.js';
import { dispatchConfig } from './dispatch/inline/dispatch.config.js';
import { type CarrierLine, CarriersModule } from './dispatch/carriers.module.js';
import { DispatchModule } from './dispatch/dispatch.module.js';
import { TriedEvents } from './dispatch/endpoint/tried-events.js';
import { WaitingMessages } from './dispatch/endpoint/waiting-messages.js';
import { HttpCarrier } from './dispatch/http/http-carrier.js';
import { DueMessages } from './dispatch/later/due-messages.js';
import { healthConfig } from './health/health.config.js';
import { HealthModule } from './health/health.module.js';
import { HttpModule } from './http/http.module.js';
import type { HttpServer } from './http/server.js';
import { SystemClock } from './kernel/clock.js';
import { HealthyLogLines } from './kernel/healthy-log-lines.js';
import { KernelModule } from './kernel/kernel.module.js';
import type { Lifecycle } from './kernel/lifecycle.js';
import type { Log } from './kernel/log.js';
import { type PortLine, PortsModule } from './kernel/ports.module.js';
import { CustomerCounts, NoCustomerCounts } from './insight/accounts/customer-counts.js';
import { insightConfig } from './insight/accounts/insight.config.js';
import { messagesConfig } from './messages/sending/messages.config.js';
import { NoPageRules, PageRules } from './messages/pulling/page-rules.js';
import { MessagesModule } from './messages/messages.module.js';
import { Puller } from './messages/pulling/puller.js';
import { metricsConfig } from './metrics/metrics.config.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { notificationsConfig } from './notifications/notifications.config.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { OpenapiModule } from './openapi/openapi.module.js';
import { OperatorsModule } from './operators/operators.module.js';
import { logConfig } from './log/log.config.js';
import { LogModule } from './log/log.module.js';
import { WaitingEvents } from './registry/accounts/waiting-events.js';
import { appsConfig } from './registry/apps/apps.config.js';
import { endpointConfig } from './registry/endpoint/endpoint.config.js';
import { SecretCheck } from './registry/puppets/secret-check.js';
import { registrationConfig } from './registry/registration/registration.config.js';
import { RegistryModule } from './registry/registry.module.js';
import { storageConfig } from './storage/store/storage.config.js';
import { StorageModule } from './storage/storage.module.js';
import { CONTENTS } from './store-contents.js';
import { NoPeople, People } from './wecom/calls/people.js';
import { ProxyModule } from './wecom/proxy/proxy.module.js';
import { QueuedMessages } from './wecom/proxy/queued-messages.js';
import { NoSessionCalls, SessionCalls } from './wecom/calls/session-calls.js';
import { TokensModule } from './wecom/tokens/tokens.module.js';
import { wecomConfig } from './wecom/client/wecom.config.js';
import { StreamCarrier } from './stream/stream-carrier.js';
import { StreamModule } from './stream/stream.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { loadTracing } from './tracing/load-tracing.js';
import { TunnelsModule } from './wecom/tunnels/tunnels.module.js';
import { tunnelsConfig } from './wecom/tunnels/tunnels.config.js';

const NAMESPACES: readonly Namespace[] = [
  agentsConfig,
  callbackConfig,
  consoleConfig,
  dispatchConfig,
  healthConfig,
  insightConfig,
  messagesConfig,
  metricsConfig,
  notificationsConfig,
  oidcConfig,
  apiConfig,
  logConfig,
  appsConfig,
  endpointConfig,
  registrationConfig,
  storageConfig,
  tunnelsConfig,
  wecomConfig,
];

/** Ports that a higher feature fills. */
const PORTS: readonly PortLine[] = [
  [SecretCheck, 'needed', TokensModule],
  [WaitingEvents, 'needed', DispatchModule],
  [TriedEvents, 'needed', MessagesModule],
  [WaitingMessages, 'needed', MessagesModule],
  [DueMessages, 'needed', MessagesModule],
  [QueuedMessages, 'needed', MessagesModule],
  [CustomerCounts, NoCustomerCounts, SessionsModule],
  [PageRules, NoPageRules, SessionsModule],
  [People, NoPeople, SessionsModule],
  [SessionCalls, NoSessionCalls, SessionsModule],
];

/** What brings events and messages to bots, by their kinds. */
const CARRIERS: readonly CarrierLine[] = [
  [HttpCarrier, DispatchModule],
  [Puller, MessagesModule],
  [StreamCarrier, StreamModule],
  [AgentCarrier, AgentsModule],
];

/** Routes of the operators' API about optional features. */
const OPTIONAL_CONTROLLERS: readonly ControllerLine[] = [
  [AgentsController, AgentsModule],
  [ConnectionsController, StreamModule],
  [NotificationsController, NotificationsModule],
];

@Module({})
export class AppModule {
  /** @param server is made first; the application runs behind it. */
  static async forRoot(
    config: Config,
    log: Log,
    lifecycle: Lifecycle,
    server: HttpServer,
  ): Promise<DynamicModule> {
    return {
      module: AppModule,
      imports: [
        configModule(config, NAMESPACES),
        KernelModule.forRoot(log, lifecycle, {
          healthyLogLines: new HealthyLogLines(config.logHealthyOneIn),
          tracing: await loadTracing(process.env, new SystemClock(), log),
        }),
        HttpModule.forRoot(config, server, [RegistryModule, OperatorsModule, AuditModule]),
        MetricsModule,
        await StorageModule.forRoot(config, CONTENTS),
        OperatorsModule,
        AuditModule,
        LogModule,
        RegistryModule,
        CallbackModule,
        PortsModule.forRoot(PORTS),
        CarriersModule.forRoot(CARRIERS),
        ProxyModule,
        TunnelsModule,
        HealthModule,
        ApiModule.forRoot(OPTIONAL_CONTROLLERS),
        OidcModule,
        ConsoleModule,
        OpenapiModule,
      ],
    };
  }
}
