/** The tables of both files, and what is searched in them. They import nothing: the store and its adapters need them. */

const COUNTER_TABLES = [
  `CREATE TABLE IF NOT EXISTS counts (
    key TEXT PRIMARY KEY,
    counts TEXT NOT NULL,
    kept_until_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS counts_by_end ON counts (kept_until_ms)',
];

const PUPPET_TABLES = [
  `CREATE TABLE IF NOT EXISTS puppets (
    open_kf_id TEXT PRIMARY KEY,
    corp_id TEXT NOT NULL,
    name TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    corp_secret TEXT NOT NULL,
    callback_token TEXT NOT NULL,
    encoding_aes_key TEXT NOT NULL,
    accepted_secret_id TEXT,
    bot_id TEXT NOT NULL,
    registered_from TEXT NOT NULL,
    online INTEGER NOT NULL,
    goodbye_doubted INTEGER NOT NULL,
    last_online_at_ms INTEGER,
    replaced_from TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS puppets_by_corp ON puppets (corp_id)',
];

/** `wxkf.db`: what must last. */
export const LASTING_TABLES: readonly string[] = [...COUNTER_TABLES, ...PUPPET_TABLES, ...HINT_TABLES, ...MESSAGE_TABLES];

/** `log.db`: what may be lost with the last seconds of a machine. */
export const LOG_TABLES: readonly string[] = [];
