/** The databases of the scenarios: those that the tests use. */
import { randomBytes } from 'node:crypto';
import { startMongo } from '../../test/support/mongo/mongo-server.js';
import { withDatabase } from '../../test/support/mongo/uri.js';

export interface Database {
  readonly kind: string;
  /** Of a database that was never used. */
  newUri(): string;
}

export function newDatabaseUri(serverUri: string): string {
  return withDatabase(serverUri, `wxkf_faults_${randomBytes(6).toString('hex')}`);
}

/** @param onEnd is given what stops it. @throws MongoUnavailable */
export async function openDatabase(onEnd: (undo: () => unknown) => void): Promise<Database> {
  const mongo = await startMongo();
  onEnd(() => mongo.stop());
  return { kind: mongo.kind, newUri: () => newDatabaseUri(mongo.uri) };
}
