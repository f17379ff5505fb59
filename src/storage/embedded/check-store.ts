/**
 * Reads every record of a store once, as bytes, since it is about pages and not about what they say: `node check-store.js <file>`. Exit code 0 says that it can be
 * opened; otherwise the reason is on standard error, unless a damaged page ends this process by a signal. How far it is stands on
 * standard output, once a second.
 */
import { writeSync } from 'node:fs';
import { type Database, open } from 'lmdb';
import { DATABASE_NAMES, MAX_DATABASES, readAll } from './databases.js';

const TELL_EVERY_MS = 1_000;

const [, , path] = process.argv;
if (path === undefined) throw new Error('usage: node check-store.js <file>');

try {
  const root = open({ path, noSubdir: true, readOnly: true, maxDbs: MAX_DATABASES });
  const databases = DATABASE_NAMES.flatMap((name) => {
    const database: Database | undefined = root.openDB({ name, encoding: 'binary' });
    return database === undefined ? [] : [{ name, database }];
  });
  const counts = databases.map(({ database }) => (database.getStats() as { entryCount: number }).entryCount);
  const progress = { records: 0, ofRecords: counts.reduce((a, b) => a + b, 0) };
  let toldAtMs = performance.now();
  for (const { name, database } of databases) {
    for (const { key, value } of readAll(database)) {
      if (key === undefined || value === undefined) throw new Error(`a record of ${name} cannot be read`);
      progress.records++;
      if (performance.now() - toldAtMs < TELL_EVERY_MS) continue;
      toldAtMs = performance.now();
      writeSync(1, `${JSON.stringify(progress)}\n`);
    }
  }
  await root.close();
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
