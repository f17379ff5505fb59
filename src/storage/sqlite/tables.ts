import { JOURNAL_KINDS, type JournalTable } from '../journal-kinds.js';
import { RECORD_TABLES } from './record-tables.js';

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

/** `hint` is JSON, so that a person can read what was set aside. */
const HINT_TABLES = [
  'CREATE TABLE IF NOT EXISTS hints (key TEXT PRIMARY KEY, hint TEXT NOT NULL) STRICT',
  'CREATE TABLE IF NOT EXISTS unreadable_hints (id TEXT PRIMARY KEY, key TEXT NOT NULL, hint TEXT NOT NULL) STRICT',
];

/** `head` and `account` are JSON; `content` is sealed where there is a key. */
const MESSAGE_TABLES = [
  'CREATE TABLE IF NOT EXISTS messages (key TEXT PRIMARY KEY, head TEXT NOT NULL, content TEXT NOT NULL) STRICT',
  'CREATE TABLE IF NOT EXISTS known_messages (key TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  'CREATE INDEX IF NOT EXISTS known_messages_until ON known_messages (until_ms)',
  'CREATE TABLE IF NOT EXISTS message_accounts (key TEXT PRIMARY KEY, account TEXT NOT NULL) STRICT',
];

/** `wxkf.db`: what must last. */
export const LASTING_TABLES: readonly string[] = [
  ...RECORD_TABLES,
  ...COUNTER_TABLES,
  ...PUPPET_TABLES,
  ...HINT_TABLES,
  ...MESSAGE_TABLES,
  ...JOURNAL_KINDS.filter(({ isLasting }) => isLasting).flatMap(toTable),
];

/** `log.db`: what may be lost with the last seconds of a machine. */
export const LOG_TABLES: readonly string[] = [
  ...JOURNAL_KINDS.filter(({ isLasting }) => !isLasting).flatMap(toTable),
];

/** In the order of the ids, also in each index: an entry of it ends with the id. */
function toTable({ name, fields, marks }: JournalTable): string[] {
  const columns = [
    'id TEXT PRIMARY KEY',
    '"atMs" INTEGER NOT NULL',
    ...fields.map((field) => `"${field}" TEXT`),
    ...Object.keys(marks).map((mark) => `"${mark}" INTEGER NOT NULL`),
    'rest TEXT NOT NULL',
  ];
  return [
    `CREATE TABLE IF NOT EXISTS ${name} (${columns.join(', ')}) STRICT, WITHOUT ROWID`,
    ...fields.map((field) => `CREATE INDEX IF NOT EXISTS "${name} by ${field}" ON ${name} ("${field}")`),
  ];
}
