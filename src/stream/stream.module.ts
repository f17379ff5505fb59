import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { Clients } from './clients/clients.js';
import { OwnReplica } from './replicas/own-replica.js';
import { ReplicaCalls } from './replicas/replica-calls.js';
import { ReplicaClient } from './replicas/replica-client.js';
import { ReplicaSync } from './replicas/replica-sync.js';
import { StreamDirectory } from './replicas/stream-directory.js';
import { ConnectionsController } from './connections.controller.js';
import { ReplicasController } from './replicas.controller.js';
import { StreamAdmission } from './stream-admission.js';
import { StreamController } from './stream.controller.js';
import { StreamLifecycle } from './stream-lifecycle.js';
import { StreamServer } from './stream-server.js';
import { StreamWakes } from './stream-wakes.js';
import { StreamCarrier } from './stream-carrier.js';

/** Connections that bots open. `StreamDirectory` uses the `RecordStore` of the storage module, which is global. */
@Module({
  imports: [RegistryModule, DispatchModule],
  controllers: [StreamController, ConnectionsController, ReplicasController],
  providers: [
    Clients,
    OwnReplica,
    ReplicaCalls,
    ReplicaClient,
    ReplicaSync,
    StreamDirectory,
    StreamAdmission,
    StreamCarrier,
    StreamLifecycle,
    StreamServer,
    StreamWakes,
  ],
  exports: [StreamCarrier],
})
export class StreamModule {}
