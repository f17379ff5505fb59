import { afterAll } from '@jest/globals';
import { META, MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { mongoPlace } from './each-store.js';
import type { Place } from './place.js';
import { type OpenedStore, openStore } from './stores.js';

/**
 * Opens one store on MongoDB for all tests of the suite in which this is called, and gives it to each of them empty: to
 * prepare a database costs more than most tests do. For ports whose adapters keep nothing in memory that the next test
 * could see.
 */
export function keptMongo(place: Place = mongoPlace()): () => Promise<OpenedStore> {
  let store: OpenedStore | undefined;
  afterAll(() => store?.close());

  async function reopen(): Promise<OpenedStore> {
    store = await (store?.reopen() ?? openStore(place));
    return kept(store);
  }

  function kept(one: OpenedStore): OpenedStore {
    return { ...one, reopen, close: () => empty(one) };
  }

  return async () => (store === undefined ? reopen() : kept(store));
}

/** Throws away what is stored; indexes and the schema's version stay. */
async function empty({ get }: OpenedStore): Promise<void> {
  const collections = (await get(MongoStore).collection(META).conn.db?.collections()) ?? [];
  const stored = collections.filter(({ collectionName }) => collectionName !== META);
  await Promise.all(stored.map((collection) => collection.deleteMany({})));
}
