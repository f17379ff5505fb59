import { type DynamicModule, Module } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { storageConfig } from './storage.config.js';

/** Picks where everything is kept. Only the driver that is used is loaded: mongoose alone takes 0.3 s. */
@Module({})
export class StorageModule {
  static async forRoot(config: Pick<ConfigType<typeof storageConfig>, 'mongoUri'>): Promise<DynamicModule> {
    if (config.mongoUri === undefined) {
      const { SqliteStorageModule } = await import('./sqlite/sqlite-storage.module.js');
      return { module: SqliteStorageModule, global: true };
    }
    const { MongoStorageModule } = await import('./mongo/mongo-storage.module.js');
    return MongoStorageModule.forRoot(config.mongoUri);
  }
}
