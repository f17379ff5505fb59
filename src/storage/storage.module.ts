import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { storageConfig } from './store/storage.config.js';
import { LOG, type Log } from '../kernel/log.js';
import { MemoryQueue } from './queue/queue-store.js';
import { MemorySqlite } from './sqlite/memory-sqlite.js';
import { SqliteQueueStore } from './sqlite/queue.js';
import { STORE_CONTENTS, type StoreContents } from './store/store-contents.js';

/** Picks where everything is kept. Only the driver that is used is loaded: mongoose alone takes 0.3 s. */
@Global()
@Module({})
export class StorageModule {
  static async forRoot(
    config: Pick<ConfigType<typeof storageConfig>, 'mongoUri'>,
    contents: StoreContents,
  ): Promise<DynamicModule> {
    return {
      module: StorageModule,
      imports: [await storeModule(config)],
      providers: [
        { provide: STORE_CONTENTS, useValue: contents },
        {
          provide: MemoryQueue,
          inject: [LOG],
          useFactory: (log: Log) => new SqliteQueueStore(new MemorySqlite(), log),
        },
      ],
      exports: [STORE_CONTENTS, MemoryQueue],
    };
  }
}

async function storeModule({
  mongoUri,
}: Pick<ConfigType<typeof storageConfig>, 'mongoUri'>): Promise<DynamicModule> {
  if (mongoUri === undefined) {
    const { SqliteStorageModule } = await import('./sqlite/sqlite-storage.module.js');
    return { module: SqliteStorageModule };
  }
  const { MongoStorageModule } = await import('./mongo/mongo-storage.module.js');
  return MongoStorageModule.forRoot(mongoUri);
}
