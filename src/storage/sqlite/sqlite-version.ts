/** The first without a bug by which two connections may damage a file with a write-ahead log (https://sqlite.org/wal.html#walresetbug). */
export const SQLITE_VERSION_MIN = '3.51.3';

/** @returns the version of SQLite in this Node where it is older; `null` where all is well. */
export function oldSqlite(sqlite = process.versions.sqlite ?? '0'): string | null {
  return sqlite.localeCompare(SQLITE_VERSION_MIN, 'en', { numeric: true }) < 0 ? sqlite : null;
}
