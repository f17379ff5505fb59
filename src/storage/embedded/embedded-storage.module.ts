import { Global, Module } from '@nestjs/common';
import { StorageProbe } from '../../health/storage-probe.js';
import { PuppetRepository } from '../../registry/puppet.repository.js';
import { EmbeddedPuppetRepository } from './embedded-puppet.repository.js';
import { EmbeddedStore } from './embedded-store.js';

@Global()
@Module({
  providers: [
    EmbeddedStore,
    { provide: StorageProbe, useExisting: EmbeddedStore },
    { provide: PuppetRepository, useClass: EmbeddedPuppetRepository },
  ],
  exports: [StorageProbe, PuppetRepository],
})
export class EmbeddedStorageModule {}
