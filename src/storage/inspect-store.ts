import type { ConfigType } from '@nestjs/config';
import type { storageConfig } from './store/storage.config.js';
import type { StoreInspection, Visitor } from './store/store-inspection.js';

/**
 * Reads all registrations and what else the visitor wants. Changes nothing: makes no index and no folder, sets no record aside.
 * @throws StorageStartError with the reason, where no manager could start on this store.
 */
export async function inspectStore(
  config: ConfigType<typeof storageConfig>,
  visitor: Visitor,
): Promise<StoreInspection> {
  if (config.mongoUri === undefined) {
    const { inspectSqlite } = await import('./sqlite/sqlite-inspection.js');
    return inspectSqlite(config, visitor);
  }
  const { inspectMongo } = await import('./mongo/mongo-inspection.js');
  return inspectMongo(config.mongoUri, visitor);
}
