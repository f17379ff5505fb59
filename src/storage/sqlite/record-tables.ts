import type { RecordKind } from '../records/record-kind.js';

/** A table a kind, and one each for its unique keys and for its lookup keys, which go with their record. */
export function recordTables(kind: RecordKind<object>): string[] {
  const { name } = kind;
  return [
    `CREATE TABLE IF NOT EXISTS ${name} (
      key TEXT PRIMARY KEY,
      revision TEXT NOT NULL,
      expires_at INTEGER,
      fields TEXT NOT NULL
    ) STRICT`,
    ...(kind.expiresAtMsOf === undefined
      ? []
      : [`CREATE INDEX IF NOT EXISTS ${name}_by_end ON ${name} (expires_at)`]),
    ...(kind.uniqueKeysOf === undefined ? [] : keyTable(name, 'unique_keys', 'text')),
    ...(kind.lookupKeysOf === undefined ? [] : keyTable(name, 'lookup_keys', 'text, key')),
  ];
}

function keyTable(name: string, keys: string, primary: string): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${name}_${keys} (
      text TEXT NOT NULL,
      key TEXT NOT NULL REFERENCES ${name} (key) ON DELETE CASCADE,
      PRIMARY KEY (${primary})
    ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS ${name}_${keys}_by_key ON ${name}_${keys} (key)`,
  ];
}
