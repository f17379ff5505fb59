import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { DispatchGauges } from './dispatch-gauges.js';
import { DispatchMetrics } from './dispatch-metrics.js';
import { Dispatcher } from './dispatcher.js';
import { HintKeeper } from './hint-keeper.js';
import { Overload } from './overload.js';
import { PuppetClient } from './puppet-client.js';
import { Redelivery } from './redelivery.js';

/** Its outbox and budget come from the storage module, which is global. */
@Module({
  imports: [RegistryModule],
  providers: [Dispatcher, DispatchGauges, DispatchMetrics, HintKeeper, Overload, PuppetClient, Redelivery],
  exports: [Dispatcher, HintKeeper, Overload],
})
export class DispatchModule {}
