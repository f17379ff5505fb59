import type { Database, Key } from 'lmdb';

/** The databases inside the one LMDB file. A name, once released, keeps its meaning. */
export const DATABASES = {
  /** Key: openKfId. Value: `StoredPuppet`. */
  puppets: 'puppets',
} as const;

/** Room for the databases of later versions; LMDB wants the number when it opens. */
export const MAX_DATABASES = 16;

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
