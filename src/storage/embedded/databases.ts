import type { Database, Key } from 'lmdb';

/** The databases inside the one LMDB file, and how lmdb encodes their values. A name, once released, keeps its meaning. */
export const DATABASES = {
  /** Key: openKfId. Value: `StoredPuppet`. */
  puppets: 'msgpack',
  /** Key: `secretIdOf`. Value: see stored-token.ts. */
  accessTokens: 'msgpack',
  /** Key: the id of the app. Value: `StoredApp`. */
  apps: 'msgpack',
  /** Key: the id of the bot. Value: `StoredBot`. */
  bots: 'msgpack',
  /** Key: the minute and the replica. Value: `Figures`. */
  figures: 'msgpack',
  /** What receivers of notifications were told. Key: the id of the receiver. Value: `KeptBook`. */
  notifications: 'msgpack',
  /** Key: the operator's name. Value: `Operator`. */
  operators: 'msgpack',
  /** Key: the session's id. Value: when it would have ended by itself, epoch milliseconds. */
  endedSessions: 'msgpack',
  /** Key: the entry's id. Value: `AuditEntry`. */
  auditEntries: 'msgpack',
} as const;

export type DatabaseName = keyof typeof DATABASES;
export const DATABASE_NAMES = Object.keys(DATABASES) as readonly DatabaseName[];

/**
 * Databases that may be missing without any loss. They are created again, also in a store that has lost its
 * marker.
 */
export const CACHES: ReadonlySet<DatabaseName> = new Set(['accessTokens', 'figures']);

/** The databases of every store since the first version. Only the store's marker says whether it has the others. */
export const FIRST_DATABASES = DATABASE_NAMES.slice(0, DATABASE_NAMES.indexOf('apps'));

/** Room for the databases of later versions; LMDB wants the number when it opens. */
export const MAX_DATABASES = 32;

/**
 * Every record.
 * @throws Error after the last one when there should be more: LMDB ends at some damaged pages without a word.
 */
export function* readAll<V, K extends Key>(database: Database<V, K>): Generator<{ key: K; value: V }> {
  const { entryCount } = database.getStats() as { entryCount: number };
  let count = 0;
  for (const entry of database.getRange()) {
    count++;
    yield entry;
  }
  if (count < entryCount) throw new Error(`only ${count} of ${entryCount} records can be read`);
}
