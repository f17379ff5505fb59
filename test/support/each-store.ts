/** Where suites of either store keep their data. Loads nothing of the product: most only start it. */
import { describe } from '@jest/globals';
import { dropDatabase, freshDatabaseUri, mongoSuite } from './mongo/database.js';
import { embeddedPlace, type Place } from './place.js';

export function mongoPlace(): Place {
  const uri = freshDatabaseUri();
  return { env: { MONGO_URI: uri }, discard: () => dropDatabase(uri) };
}

/** Runs a suite once on each store. Where it is used, the file says MongoDB, so that one is started. */
export function onEachStore(suite: (newPlace: () => Place) => void): void {
  describe('on the embedded store', () => suite(embeddedPlace));
  mongoSuite('on MongoDB', () => suite(mongoPlace));
}

/**
 * The same for suites that use the store through its ports alone, whose contracts run against every adapter: on MongoDB
 * in the nightly run only, where TEST_EVERY_STORE is set.
 */
export function onEachStoreNightly(suite: (newPlace: () => Place) => void): void {
  if (process.env.TEST_EVERY_STORE) onEachStore(suite);
  else describe('on the embedded store', () => suite(embeddedPlace));
}
