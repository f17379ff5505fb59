/** The tables of both files, and what is searched in them. They import nothing: the store and its adapters need them. */

const COUNTER_TABLES = [
  `CREATE TABLE IF NOT EXISTS counts (
    key TEXT PRIMARY KEY,
    counts TEXT NOT NULL,
    kept_until_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS counts_by_end ON counts (kept_until_ms)',
];

/** `wxkf.db`: what must last. */
export const LASTING_TABLES: readonly string[] = [...COUNTER_TABLES];

/** `log.db`: what may be lost with the last seconds of a machine. */
export const LOG_TABLES: readonly string[] = [];
