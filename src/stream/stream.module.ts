import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { ConnectedBots } from '../registry/bots/connected-bots.js';
import { RegistryModule } from '../registry/registry.module.js';
import { Clients } from './clients/clients.js';
import { ReplicaSync } from './replica-sync.js';
import { StreamAdmission } from './stream-admission.js';
import { StreamController } from './stream.controller.js';
import { StreamDirectory } from './stream-directory.js';
import { StreamLifecycle } from './stream-lifecycle.js';
import { StreamServer } from './stream-server.js';
import { StreamWakes } from './stream-wakes.js';
import { StreamCarrier } from './stream-carrier.js';

/** Connections that bots open. `StreamDirectory` uses the `RecordStore` of the storage module, which is global. */
@Module({
  imports: [RegistryModule, DispatchModule],
  controllers: [StreamController],
  providers: [
    Clients,
    ReplicaSync,
    StreamDirectory,
    StreamAdmission,
    StreamCarrier,
    StreamLifecycle,
    StreamServer,
    StreamWakes,
  ],
  exports: [Clients, StreamCarrier],
})
export class StreamModule {
  /** Whoever follows the connections is named here, so that one that is missing stops the start. */
  constructor(connected: ConnectedBots, clients: Clients, sync: ReplicaSync, wakes: StreamWakes) {
    for (const watch of [clients, sync, wakes]) connected.watch(watch);
  }
}
