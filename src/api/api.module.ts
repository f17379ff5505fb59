import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { CallbackModule } from '../callback/callback.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { InsightModule } from '../insight/insight.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { AccountsController } from './accounts.controller.js';
import { AppsController } from './apps.controller.js';
import { BotChecks } from './bot-checks.js';
import { AuditController } from './audit.controller.js';
import { BotsController } from './bots.controller.js';
import { CallbackVerificationController } from './callback-verification.controller.js';
import { DeliveriesController } from './deliveries.controller.js';
import { HintsController } from './hints.controller.js';
import { HistoryController } from './history.controller.js';
import { MessagesController } from './messages.controller.js';
import { OperatorsModule } from '../operators/operators.module.js';
import { OperatorsController } from './operators.controller.js';
import { StatusController } from './status.controller.js';
import { CallsModule } from '../wecom/calls/calls.module.js';
import { WecomErrorsController } from './wecom-errors.controller.js';

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
  providers: [BotChecks],
})
export class ApiModule {}
