import { HttpModule as AxiosModule, HttpService } from '@nestjs/axios';
import { type DynamicModule, Global, Module, type ModuleMetadata } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import type { Config } from '../config/config.js';
import { Clock } from '../kernel/clock.js';
import { HealthyLogLines } from '../kernel/healthy-log-lines.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { LOG, type Log } from '../kernel/log.js';
import { Tracing } from '../kernel/tracing.js';
import { AuditHook } from './access/audit-hook.js';
import { BotKeys } from './access/bot-keys.js';
import { Gate } from './access/gate.js';
import { OperatorDirectory } from './access/operator-directory.js';
import { ErrorFilter } from './answers/error.filter.js';
import { RequestPipe } from './answers/validation.js';
import { HttpEdge } from './http-edge.js';
import { Bodies } from './limits/bodies.js';
import { BodyBudget } from './limits/body-budget.js';
import { ConnectionLimits } from './limits/connection-limits.js';
import { HttpCounts } from './limits/http-counts.js';
import { Refusals } from './limits/refusals.js';
import { LogLineLimit } from './log/log-line-limit.js';
import { RequestLog } from './log/request-log.js';
import { HTTP_OPTIONS } from './outgoing/http-service.js';
import { RareCalls } from './outgoing/rare-calls.js';
import { TrustedProxies } from './request/trusted-proxies.js';
import { RouteTable } from './routes/route-table.js';
import type { HttpServer } from './server.js';

/**
 * What requests meet before and after their handlers, and rare calls to others. It is global, since features take over
 * connections and count refusals.
 */
@Global()
@Module({})
export class HttpModule {
  /**
   * @param server is made before the Nest application.
   * @param imports export the ports `BotDirectory`, `OperatorDirectory` and `AuditedCalls`.
   */
  static forRoot(
    config: Config,
    { proxies, counts, logLineLimit }: HttpServer,
    imports: NonNullable<ModuleMetadata['imports']>,
  ): DynamicModule {
    const bodyLimits = {
      callbackBytesMax: config.callbackBodyBytesMax,
      streamedBytesMax: config.proxyBodyBytesMax,
    };
    const connectionLimits = { inAll: config.connectionsMax, perAddress: config.connectionsPerAddressMax };
    return {
      module: HttpModule,
      imports: [...imports, AxiosModule.register(HTTP_OPTIONS)],
      providers: [
        AuditHook,
        BotKeys,
        HttpEdge,
        RouteTable,
        { provide: APP_FILTER, useClass: ErrorFilter },
        { provide: APP_PIPE, useClass: RequestPipe },
        { provide: TrustedProxies, useValue: proxies },
        { provide: HttpCounts, useValue: counts },
        { provide: LogLineLimit, useValue: logLineLimit },
        { provide: BodyBudget, useValue: new BodyBudget(config.bodiesBytesMax) },
        {
          provide: Refusals,
          inject: [Clock, LOG],
          useFactory: (clock: Clock, log: Log) => new Refusals(clock, log),
        },
        {
          provide: Bodies,
          inject: [BodyBudget, Refusals],
          useFactory: (budget: BodyBudget, refusals: Refusals) => new Bodies(bodyLimits, budget, refusals),
        },
        {
          provide: ConnectionLimits,
          inject: [Clock, LOG],
          useFactory: (clock: Clock, log: Log) =>
            new ConnectionLimits(connectionLimits, proxies, counts, clock, log),
        },
        {
          provide: RequestLog,
          inject: [Lifecycle, Tracing, HealthyLogLines, LOG],
          useFactory: (lifecycle: Lifecycle, tracing: Tracing, healthyLogLines: HealthyLogLines, log: Log) =>
            new RequestLog(lifecycle, tracing, { log, healthyLogLines, logLineLimit }),
        },
        {
          provide: RareCalls,
          inject: [HttpService, Clock],
          useFactory: (http: HttpService, clock: Clock) => new RareCalls(http, config, clock),
        },
        {
          provide: Gate,
          inject: [Clock, Refusals, BotKeys, OperatorDirectory],
          useFactory: (...others: [Clock, Refusals, BotKeys, OperatorDirectory]) =>
            new Gate(config, ...others),
        },
      ],
      exports: [BodyBudget, BotKeys, ConnectionLimits, HttpCounts, LogLineLimit, RareCalls, Refusals],
    };
  }
}
