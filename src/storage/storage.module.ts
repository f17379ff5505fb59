import { type DynamicModule, Module } from '@nestjs/common';
import type { Config } from '../config/config.js';

/** Picks where everything is kept. Only the driver that is used is loaded: mongoose alone takes 0.3 s. */
@Module({})
export class StorageModule {
  static async forRoot({ mongoUri }: Pick<Config, 'mongoUri'>): Promise<DynamicModule> {
    if (mongoUri === undefined) {
      const { EmbeddedStorageModule } = await import('./embedded/embedded-storage.module.js');
      return { module: EmbeddedStorageModule, global: true };
    }
    const { MongoStorageModule } = await import('./mongo/mongo-storage.module.js');
    return MongoStorageModule.forRoot(mongoUri);
  }
}
