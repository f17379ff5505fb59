import { Module } from '@nestjs/common';
import { CallbackModule } from '../callback/callback.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { HealthModule } from '../health/health.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { CallsModule } from '../wecom/calls/calls.module.js';
import { AccountList } from './accounts/account-list.js';
import { AccountServers } from './accounts/account-servers.js';
import { AccountWaits } from './accounts/account-waits.js';
import { StoreCounts } from './accounts/store-counts.js';
import { AccountViews } from './accounts/account-views.js';
import { FactsReader } from './figures/facts-reader.js';
import { FigureRecorder } from './figures/figure-recorder.js';
import { History } from './figures/history.js';
import { Instruments } from './figures/instruments.js';
import { LastMinute } from './figures/last-minute.js';
import { OtherReplicas } from './figures/other-replicas.js';
import { ReplicaFacts } from './figures/replica-facts.js';
import { CorpsWithoutCallbacks } from './verdict/corps-without-callbacks.js';
import { CurrentCauses } from './verdict/current-causes.js';
import { CurrentStatus } from './verdict/current-status.js';
import { ProcessFigures } from './verdict/process-figures.js';
import { RecentRefusals } from './verdict/recent-refusals.js';
import { Names } from './accounts/names.js';
import { UnknownAccountCounts } from './accounts/unknown-accounts.js';
import { Successes } from './verdict/seen-to-work.js';

const FOR_OTHERS = [AccountList, AccountServers, AccountViews, CurrentStatus, History, Successes];

/** What operators are told: whether customers are answered and why not, figures, the delivery log, accounts. */
@Module({
  imports: [RegistryModule, DispatchModule, CallbackModule, HealthModule, MessagesModule, CallsModule],
  providers: [
    ...FOR_OTHERS,
    AccountWaits,
    CorpsWithoutCallbacks,
    CurrentCauses,
    FactsReader,
    FigureRecorder,
    Instruments,
    LastMinute,
    Names,
    OtherReplicas,
    ProcessFigures,
    RecentRefusals,
    ReplicaFacts,
    StoreCounts,
    UnknownAccountCounts,
  ],
  exports: FOR_OTHERS,
})
export class InsightModule {}
