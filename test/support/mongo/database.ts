/**
 * What a spec file needs of the run's MongoDB: a suite that is left out where there is none, and databases
 * that no other file uses. The global setup has started the server and put its URI in the environment.
 */
import { randomBytes } from 'node:crypto';
import { describe } from '@jest/globals';
import { withDatabase } from './uri.js';

const { WXKF_TEST_MONGO_URI: runUri, WXKF_TEST_MONGO_KIND: kind, WXKF_TEST_STAND_IN: standIn } = process.env;

/** `describe` where the run has a MongoDB. */
export const mongoSuite = runUri ? describe : describe.skip;

/** `describe` where `startStandIn` works; for outages, which need a database of their own. */
export const standInSuite = standIn ? describe : describe.skip;

/** Which MongoDB this run uses; only to be asked where the stand-in cannot do what a mongod does. */
export const mongoKind = kind;

/**
 * A URI with a database name that was never given before; the database exists after its first write. Without
 * a MongoDB it leads nowhere and does not throw, because jest also runs the body of a suite it leaves out.
 */
export function freshDatabaseUri(): string {
  return withDatabase(
    runUri ?? 'mongodb://no-mongodb-in-this-run.invalid',
    `wxkf_test_${randomBytes(6).toString('hex')}`,
  );
}

/** Safe to repeat, and for a database that was never written to. */
export async function dropDatabase(uri: string): Promise<void> {
  // Only now: most suites run on the embedded store alone, and the driver takes long to load.
  const { default: mongoose } = await import('mongoose');
  const client = await mongoose.mongo.MongoClient.connect(uri);
  try {
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
}
