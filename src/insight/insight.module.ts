import { Module } from '@nestjs/common';
import { CallbackModule } from '../callback/callback.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { HealthModule } from '../health/health.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { WecomModule } from '../wecom/wecom.module.js';
import { AccountList } from './accounts/account-list.js';
import { DeliveryHistory } from './deliveries/delivery-history.js';
import { DeliveryFeeds } from './deliveries/delivery-feeds.js';
import { RefusedCallbacks } from './deliveries/refused-callbacks.js';
import { AccountServers } from './accounts/account-servers.js';
import { AccountWaits } from './accounts/account-waits.js';
import { AccountViews } from './accounts/account-views.js';
import { AllFigures } from './figures/all-figures.js';
import { FigureRecorder } from './figures/figure-recorder.js';
import { History } from './figures/history.js';
import { Instruments } from './figures/instruments.js';
import { LastMinute } from './figures/last-minute.js';
import { SeenByOthers } from './figures/seen-by-others.js';
import { CurrentStatus } from './verdict/current-status.js';
import { Names } from './accounts/names.js';
import { StoreCounts } from './verdict/store-counts.js';
import { Verdict } from './verdict/verdict.js';
import { Successes } from './verdict/seen-to-work.js';

const FOR_OTHERS = [
  AccountList,
  AccountServers,
  AccountViews,
  AllFigures,
  CurrentStatus,
  DeliveryHistory,
  DeliveryFeeds,
  History,
  RefusedCallbacks,
  SeenByOthers,
  Successes,
];

/** What operators are told: whether customers are answered and why not, figures, the delivery log, accounts. */
@Module({
  imports: [RegistryModule, DispatchModule, CallbackModule, HealthModule, MessagesModule, WecomModule],
  providers: [
    ...FOR_OTHERS,
    AccountWaits,
    FigureRecorder,
    Instruments,
    LastMinute,
    Names,
    StoreCounts,
    Verdict,
  ],
  exports: FOR_OTHERS,
})
export class InsightModule {}
