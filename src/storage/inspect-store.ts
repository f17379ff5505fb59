import type { Config } from '../config/config.js';
import type { StoreInspection, Visit } from './store-inspection.js';

/**
 * Reads all registrations, and changes nothing: no index is made, nothing set aside, no folder begun.
 * @throws StorageStartError where no manager could start on this store, saying why.
 */
export async function inspectStore(config: Config, visit: Visit): Promise<StoreInspection> {
  if (config.mongoUri === undefined) {
    const { inspectEmbedded } = await import('./embedded/embedded-inspection.js');
    return inspectEmbedded(config, visit);
  }
  const { inspectMongo } = await import('./mongo/mongo-inspection.js');
  return inspectMongo(config.mongoUri, visit);
}
