import { Module } from '@nestjs/common';
import { AccountHistories } from '../registry/puppets/account-history.js';
import { RegistryModule } from '../registry/registry.module.js';
import { WaitingEvents } from '../registry/accounts/waiting-events.js';
import { Arrivals } from './answer/arrivals.js';
import { Dispatcher } from './answer/dispatcher.js';
import { Keeping } from './answer/keeping.js';
import { Overload } from './answer/overload.js';
import { SeenEvents } from './answer/seen-events.js';
import { BotMetrics } from './bot-metrics.js';
import { DispatchGauges } from './dispatch-gauges.js';
import { DispatchMetrics } from './endpoint/dispatch-metrics.js';
import { Pending } from '../kernel/pending.js';
import { Circuits } from './endpoint/circuits.js';
import { Deliveries } from './endpoint/deliveries.js';
import { BotEndpoints, Recoveries } from './endpoint/bot-endpoint.js';
import { UncarriedBots } from './endpoint/uncarried-bots.js';
import { HttpCarrier } from './http/http-carrier.js';
import { HintKeeper } from './outbox/hint-keeper.js';
import { WaitingHints } from './outbox/waiting-hints.js';
import { QueueCounts } from './redelivery/queue-counts.js';
import { QueueGauges } from './redelivery/queue-gauges.js';
import { HintLog } from './redelivery/hint-log.js';
import { HintOperations } from './redelivery/hint-operations.js';
import { HintOutcomes } from './redelivery/hint-outcomes.js';
import { HintSender } from './redelivery/hint-sender.js';
import { EventQueue } from '../queue/event-queue.js';
import { QueuePatrol } from './redelivery/queue-patrol.js';
import { Redelivery } from './redelivery/redelivery.js';
import { RegistrationClaims } from './redelivery/registration-claims.js';
import { RetryLoops } from './redelivery/retry-loops.js';
import { TestDelivery } from './redelivery/test-delivery.js';
import { TestElsewhere } from './redelivery/test-elsewhere.js';

/** Its queue store and counters come from the storage module, which is global. */
@Module({
  imports: [RegistryModule],
  providers: [
    Arrivals,
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
    Keeping,
    // What follows a delivery when no answer waits for it any more.
    Pending,
    BotEndpoints,
    EventQueue,
    QueuePatrol,
    Overload,
    HttpCarrier,
    QueueCounts,
    QueueGauges,
    Redelivery,
    RegistrationClaims,
    RetryLoops,
    SeenEvents,
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
    Keeping,
    Pending,
    BotEndpoints,
    EventQueue,
    QueueCounts,
    RetryLoops,
    Overload,
    TestDelivery,
    WaitingHints,
    { provide: Recoveries, useExisting: WaitingHints },
    WaitingEvents,
  ],
})
export class DispatchModule {
  constructor(histories: AccountHistories, deliveries: Deliveries) {
    histories.add(deliveries);
  }
}
