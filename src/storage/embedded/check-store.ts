/**
 * Reads every record of a store once, as bytes, since it is about pages and not about what they say: `node check-store.js <file>`. Exit code 0 says that it can be
 * opened; otherwise the reason is on standard error, unless a damaged page ends this process by a signal.
 */
import { open } from 'lmdb';
import { DATABASE_NAMES, MAX_DATABASES, readAll } from './databases.js';

const [, , path] = process.argv;
if (path === undefined) throw new Error('usage: node check-store.js <file>');

try {
  const root = open({ path, noSubdir: true, readOnly: true, maxDbs: MAX_DATABASES });
  for (const name of DATABASE_NAMES) {
    const database = root.openDB({ name, encoding: 'binary' });
    if (database === undefined) continue;
    for (const { key, value } of readAll(database)) {
      if (key === undefined || value === undefined) throw new Error(`a record of ${name} cannot be read`);
    }
  }
  await root.close();
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
