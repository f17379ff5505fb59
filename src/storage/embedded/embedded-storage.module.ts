import { Global, Module } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/config.js';
import { StorageProbe } from '../../health/storage-probe.js';
import { PuppetRepository } from '../../registry/puppet.repository.js';
import { EmbeddedPuppetRepository } from './embedded-puppet.repository.js';
import { EmbeddedStore } from './embedded-store.js';

@Global()
@Module({
  providers: [
    { provide: EmbeddedStore, inject: [CONFIG], useFactory: (config: Config) => EmbeddedStore.open(config) },
    { provide: StorageProbe, useExisting: EmbeddedStore },
    { provide: PuppetRepository, useClass: EmbeddedPuppetRepository },
  ],
  exports: [StorageProbe, PuppetRepository],
})
export class EmbeddedStorageModule {}
