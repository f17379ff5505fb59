import { type DynamicModule, Global, Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { StorageProbe } from '../../health/storage-probe.js';
import type { Secret } from '../../kernel/secret.js';
import { PuppetRepository } from '../../registry/puppet.repository.js';
import { MongoPuppetRepository } from './mongo-puppet.repository.js';
import { CONNECT_OPTIONS, MongoStore } from './mongo-store.js';
import { PuppetRecord, PuppetSchema } from './puppet.schema.js';

@Global()
@Module({})
export class MongoStorageModule {
  /** Starts without waiting for the database; `MongoStore` waits for it. */
  static at(uri: Secret): DynamicModule {
    return {
      module: MongoStorageModule,
      imports: [
        MongooseModule.forRoot(uri.reveal(), { ...CONNECT_OPTIONS, lazyConnection: true }),
        MongooseModule.forFeature([{ name: PuppetRecord.name, schema: PuppetSchema }]),
      ],
      providers: [
        MongoStore,
        { provide: StorageProbe, useExisting: MongoStore },
        { provide: PuppetRepository, useClass: MongoPuppetRepository },
      ],
      exports: [StorageProbe, PuppetRepository],
    };
  }
}
