import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { CallbackModule } from '../callback/callback.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { InsightModule } from '../insight/insight.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { AccountsController } from './accounts/accounts.controller.js';
import { AppsController } from './apps/apps.controller.js';
import { BotAnswers } from './bots/bot-answers.js';
import { BotChecks } from './bots/bot-checks.js';
import { AuditController } from './operators/audit.controller.js';
import { BotsController } from './bots/bots.controller.js';
import { CallbackVerificationController } from './apps/callback-verification.controller.js';
import { DeliveriesController } from './log/deliveries.controller.js';
import { DeliveryFeeds } from './log/delivery-feeds.js';
import { HintsController } from './waiting/hints.controller.js';
import { HistoryController } from './log/history.controller.js';
import { MessagesController } from './waiting/messages.controller.js';
import { OperatorsModule } from '../operators/operators.module.js';
import { OperatorsController } from './operators/operators.controller.js';
import { StatusController } from './status/status.controller.js';
import { CallsModule } from '../wecom/calls/calls.module.js';
import { WecomErrorsController } from './log/wecom-errors.controller.js';

/** A controller about an optional feature, and the module of that feature, which exports what the controller asks. */
export type ControllerLine = readonly [controller: Type, feature: Type];

/** The operators' API, under `/api/v1`. */
@Module({
  imports: [
    AuditModule,
    RegistryModule,
    DispatchModule,
    CallbackModule,
    InsightModule,
    MessagesModule,
    CallsModule,
    OperatorsModule,
  ],
  controllers: [
    AccountsController,
    AppsController,
    BotsController,
    CallbackVerificationController,
    StatusController,
    HistoryController,
    HintsController,
    MessagesController,
    DeliveriesController,
    WecomErrorsController,
    OperatorsController,
    AuditController,
  ],
  providers: [BotAnswers, BotChecks, DeliveryFeeds],
})
export class ApiModule {
  /** @param lines of the optional features that are there. */
  static forRoot(lines: readonly ControllerLine[]): DynamicModule {
    return {
      module: ApiModule,
      imports: lines.map(([, feature]) => feature),
      controllers: lines.map(([controller]) => controller),
    };
  }
}
