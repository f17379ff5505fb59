/**
 * Reads every record of a store once: `node check-store.js <file>`. Exit code 0 says that it can be
 * opened; a damaged page ends this process by a signal instead of the manager.
 */
import { open } from 'lmdb';
import { DATABASES, MAX_DATABASES } from './databases.js';

const [, , path] = process.argv;
if (path === undefined) throw new Error('usage: node check-store.js <file>');

const root = open({ path, noSubdir: true, readOnly: true, maxDbs: MAX_DATABASES });
for (const name of Object.values(DATABASES)) {
  const database = root.openDB({ name });
  if (database === undefined) continue;
  for (const { key, value } of database.getRange()) {
    if (key === undefined || value === undefined) throw new Error(`a record of ${name} cannot be read`);
  }
}
await root.close();
