import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { WaitingEvents } from '../registry/accounts/waiting-events.js';
import { Arrivals } from './inline/arrivals.js';
import { Dispatcher } from './inline/try.js';
import { InlineKeeper } from './inline/keep.js';
import { InlineWakes } from './inline/wakes.js';
import { Overload } from './inline/overload.js';
import { SeenEvents } from './inline/seen-events.js';
import { BotMetrics } from './bot-metrics.js';
import { DispatchGauges } from './dispatch-gauges.js';
import { DispatchMetrics } from './endpoint/dispatch-metrics.js';
import { BackgroundWork } from '../kernel/background-work.js';
import { Circuits } from './endpoint/circuits.js';
import { Deliveries } from './endpoint/deliveries.js';
import { AttemptOutcomes, Recoveries } from './endpoint/attempt-outcomes.js';
import { BotEndpoints } from './endpoint/bot-endpoint.js';
import { UncarriedBots } from './endpoint/uncarried-bots.js';
import { HttpCarrier } from './http/http-carrier.js';
import { HintKeeper } from './later/hint-keeper.js';
import { WaitingHints } from './later/waiting-hints.js';
import { QueueCounts } from './later/queue-counts.js';
import { QueueGauges } from './later/queue-gauges.js';
import { HintLog } from './later/hint-log.js';
import { HintOperations } from './later/hint-operations.js';
import { HintOutcomes } from './later/outcomes.js';
import { HintSender } from './later/sender.js';
import { EventQueue } from '../queue/event-queue.js';
import { QueuePatrol } from './later/patrol.js';
import { Redelivery } from './later/redelivery.js';
import { RegistrationClaims } from './later/registration-claims.js';
import { ResyncBudget } from './later/resync-budget.js';
import { RetryLoops } from './later/loops.js';
import { StrandedHints } from './later/stranded-hints.js';
import { TestBudget } from './later/test-budget.js';
import { TestDelivery } from './later/test-delivery.js';
import { TestElsewhere } from './later/test-elsewhere.js';

/** Its queue store and counters come from the storage module, which is global. */
@Module({
  imports: [RegistryModule],
  providers: [
    Arrivals,
    AttemptOutcomes,
    BotMetrics,
    Circuits,
    Deliveries,
    Dispatcher,
    DispatchGauges,
    DispatchMetrics,
    HintKeeper,
    HintLog,
    HintOperations,
    HintOutcomes,
    HintSender,
    InlineKeeper,
    InlineWakes,
    // What follows a delivery when no answer waits for it any more.
    BackgroundWork,
    BotEndpoints,
    EventQueue,
    QueuePatrol,
    Overload,
    HttpCarrier,
    QueueCounts,
    QueueGauges,
    Redelivery,
    RegistrationClaims,
    ResyncBudget,
    RetryLoops,
    SeenEvents,
    StrandedHints,
    TestBudget,
    TestDelivery,
    TestElsewhere,
    UncarriedBots,
    WaitingHints,
    { provide: Recoveries, useExisting: WaitingHints },
    { provide: WaitingEvents, useExisting: RegistrationClaims },
  ],
  exports: [
    Arrivals,
    BotMetrics,
    Circuits,
    Deliveries,
    Dispatcher,
    DispatchMetrics,
    HintKeeper,
    HintOperations,
    HttpCarrier,
    InlineWakes,
    BackgroundWork,
    BotEndpoints,
    EventQueue,
    QueueCounts,
    ResyncBudget,
    RetryLoops,
    Overload,
    TestDelivery,
    WaitingHints,
    { provide: Recoveries, useExisting: WaitingHints },
    WaitingEvents,
  ],
})
export class DispatchModule {}
