/**
 * Reads every record of a store once, as bytes, since it is about pages and not about what they say:
 * `node check-store.js <file>`. Exit code 0 says that it can be opened; otherwise the reason is on standard error, unless a
 * damaged page ends this process by a signal. How many records were read stands on standard output, once a second.
 */
import { writeSync } from 'node:fs';
import { open } from 'lmdb';
import { DATABASE_NAMES, MAX_DATABASES, readAll } from './databases.js';

const TELL_EVERY_MS = 1_000;

const [, , path] = process.argv;
if (path === undefined) throw new Error('usage: node check-store.js <file>');

try {
  const root = open({ path, noSubdir: true, readOnly: true, maxDbs: MAX_DATABASES });
  let records = 0;
  let toldAtMs = performance.now();
  for (const name of DATABASE_NAMES) {
    const database = root.openDB({ name, encoding: 'binary' });
    // A store of an earlier version may lack it.
    if (database === undefined) continue;
    for (const { key, value } of readAll(database)) {
      if (key === undefined || value === undefined) throw new Error(`a record of ${name} cannot be read`);
      records++;
      if (performance.now() - toldAtMs < TELL_EVERY_MS) continue;
      toldAtMs = performance.now();
      writeSync(1, `${records}\n`);
    }
  }
  await root.close();
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
