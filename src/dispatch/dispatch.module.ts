import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { Deliveries } from './deliveries.js';
import { DispatchGauges } from './dispatch-gauges.js';
import { DispatchMetrics } from './dispatch-metrics.js';
import { Dispatcher } from './dispatcher.js';
import { HintCounts } from './hint-counts.js';
import { HintKeeper } from './hint-keeper.js';
import { HintOperations } from './hint-operations.js';
import { Overload } from './overload.js';
import { PuppetClient } from './puppet-client.js';
import { Redelivery } from './redelivery.js';
import { SeenEvents } from './seen-events.js';
import { TestDelivery } from './test-delivery.js';

/** Its outbox and budget come from the storage module, which is global. */
@Module({
  imports: [RegistryModule],
  providers: [
    Deliveries,
    Dispatcher,
    DispatchGauges,
    DispatchMetrics,
    HintCounts,
    HintKeeper,
    HintOperations,
    Overload,
    PuppetClient,
    Redelivery,
    SeenEvents,
    TestDelivery,
  ],
  exports: [
    Deliveries,
    Dispatcher,
    DispatchMetrics,
    HintCounts,
    HintKeeper,
    HintOperations,
    Overload,
    PuppetClient,
    Redelivery,
    TestDelivery,
  ],
})
export class DispatchModule {}
