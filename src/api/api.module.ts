import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { CallbackModule } from '../callback/callback.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { HealthModule } from '../health/health.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { AccountAnswers } from './account-answers.js';
import { AccountList } from './account-list.js';
import { AllFigures } from './all-figures.js';
import { ApiMetrics } from './api-metrics.js';
import { AppsController } from './apps.controller.js';
import { AskedBots } from './asked-bots.js';
import { AuditController } from './audit.controller.js';
import { BotsController } from './bots.controller.js';
import { ConnectionsController } from './connections.controller.js';
import { CurrentStatus } from './current-status.js';
import { CallbackVerificationController } from './callback-verification.controller.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveryHistory } from './delivery-history.js';
import { DeliveryStreams } from './delivery-streams.js';
import { FailingReplies } from './failing-replies.js';
import { FigureRecorder } from './figure-recorder.js';
import { HintsController } from './hints.controller.js';
import { HistoryController } from './history.controller.js';
import { History } from './history.js';
import { Instruments } from './instruments.js';
import { KfAccountsController } from './kf-accounts.controller.js';
import { LastMinute } from './last-minute.js';
import { MessagesController } from './messages.controller.js';
import { OperatorsModule } from '../operators/operators.module.js';
import { OperatorsController } from './operators.controller.js';
import { RefusedCallbacks } from './refused-callbacks.js';
import { SeenByOthers } from './seen-by-others.js';
import { SeenReplies } from './seen-replies.js';
import { StatusController } from './status.controller.js';
import { StoreCounts } from './store-counts.js';
import { StreamModule } from '../stream/stream.module.js';
import { Verdict } from './verdict.js';
import { WecomModule } from '../wecom/wecom.module.js';
import { WorkingPlaces } from './working-places.js';
import { WecomAccountsController } from './wecom-accounts.controller.js';
import { WecomErrorsController } from './wecom-errors.controller.js';

/** The operators' API, under `/api/v1`. */
@Module({
  imports: [
    AuditModule,
    RegistryModule,
    DispatchModule,
    CallbackModule,
    HealthModule,
    MessagesModule,
    StreamModule,
    WecomModule,
    OperatorsModule,
  ],
  controllers: [
    AppsController,
    BotsController,
    ConnectionsController,
    CallbackVerificationController,
    StatusController,
    HistoryController,
    KfAccountsController,
    HintsController,
    MessagesController,
    DeliveriesController,
    WecomAccountsController,
    WecomErrorsController,
    OperatorsController,
    AuditController,
  ],
  providers: [
    AccountAnswers,
    AccountList,
    AllFigures,
    ApiMetrics,
    AskedBots,
    CurrentStatus,
    DeliveryHistory,
    DeliveryStreams,
    FailingReplies,
    FigureRecorder,
    History,
    Instruments,
    LastMinute,
    RefusedCallbacks,
    SeenByOthers,
    SeenReplies,
    StoreCounts,
    Verdict,
    WorkingPlaces,
  ],
  exports: [CurrentStatus, WorkingPlaces],
})
export class ApiModule {}
