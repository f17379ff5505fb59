import type { JournalTable } from '../journal/journal.js';
import type { RecordKind } from '../records/record-kind.js';
import type { StoreContents } from '../store/store-contents.js';

/** The tables of both files, and their indexes. */

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

/** `revision` is new with every write of a line, `claimable_at` follows from the columns before it. */
const LINE_TABLES = [
  `CREATE TABLE IF NOT EXISTS lines (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    corp_id TEXT NOT NULL,
    open_kf_id TEXT NOT NULL,
    state TEXT NOT NULL,
    endpoint TEXT,
    due_at INTEGER,
    lease_id TEXT,
    leased_until INTEGER,
    claimable_at INTEGER,
    probed_at INTEGER NOT NULL,
    arrived_at INTEGER NOT NULL,
    waiting_since INTEGER NOT NULL,
    last_failure TEXT, -- JSON
    details TEXT NOT NULL, -- JSON
    body BLOB,
    revision TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX IF NOT EXISTS lines_claimable ON lines (kind, claimable_at, endpoint)
    WHERE claimable_at IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS lines_by_endpoint ON lines (kind, endpoint, claimable_at)
    WHERE claimable_at IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS lines_probed ON lines (kind, endpoint, probed_at, arrived_at)
    WHERE state = 'waiting'`,
  'CREATE INDEX IF NOT EXISTS lines_listed ON lines (kind, state, key, waiting_since)',
  'CREATE INDEX IF NOT EXISTS lines_unregistered ON lines (kind, corp_id) WHERE endpoint IS NULL',
  'CREATE INDEX IF NOT EXISTS lines_leased ON lines (leased_until) WHERE leased_until > 0',
];

/** A known message has only its key, account, state and `known_until`. `content` is sealed. */
const MESSAGE_TABLES = [
  `CREATE TABLE IF NOT EXISTS messages (
    key TEXT PRIMARY KEY,
    corp_id TEXT NOT NULL,
    open_kf_id TEXT NOT NULL,
    state TEXT NOT NULL,
    seq INTEGER,
    lane TEXT,
    page_cursor TEXT,
    due_at INTEGER,
    stored_at INTEGER,
    died_at INTEGER,
    known_until INTEGER,
    attempts INTEGER,
    refusals INTEGER,
    step INTEGER,
    last_failure TEXT, -- JSON
    head TEXT, -- JSON
    content TEXT
  ) STRICT`,
  `CREATE INDEX IF NOT EXISTS messages_waiting ON messages (corp_id, open_kf_id, seq, lane)
    WHERE state = 'waiting'`,
  `CREATE INDEX IF NOT EXISTS messages_dead ON messages (corp_id, open_kf_id, seq) WHERE state = 'dead'`,
  `CREATE INDEX IF NOT EXISTS messages_stored ON messages (stored_at) WHERE state = 'waiting'`,
  'CREATE INDEX IF NOT EXISTS messages_died ON messages (died_at) WHERE died_at IS NOT NULL',
  'CREATE INDEX IF NOT EXISTS messages_known ON messages (known_until) WHERE known_until IS NOT NULL',
];

export const QUEUE_TABLES: readonly string[] = [...LINE_TABLES, ...MESSAGE_TABLES];

/** A table for each kind, one for its unique keys and one for its lookup keys. Keys are removed with their record. */
function recordTables(kind: RecordKind<object>): string[] {
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

/** `wxkf.db`: what must last. */
export function lastingTables({ records, journals }: StoreContents): readonly string[] {
  return [
    ...records.flatMap(recordTables),
    ...COUNTER_TABLES,
    ...PUPPET_TABLES,
    ...QUEUE_TABLES,
    ...journals.filter(({ isLasting }) => isLasting).flatMap(toTable),
  ];
}

/** What replicas had seen, of versions up to 2.1. */
const OLD_TABLE = 'DROP TABLE IF EXISTS seen';

/** `log.db`: what may be lost with the last seconds of a machine. */
export function logTables({ journals }: StoreContents): readonly string[] {
  return [...journals.filter(({ isLasting }) => !isLasting).flatMap(toTable), OLD_TABLE];
}

/** A table in the order of its ids. So are the equal values in each index, since an index entry ends with the id. */
function toTable({ name, columns, fields, common, marks }: JournalTable): string[] {
  const defined = [
    'id TEXT PRIMARY KEY',
    '"atMs" INTEGER NOT NULL',
    ...Object.entries(columns).map(toColumn),
    ...Object.keys(marks).map((mark) => `"${mark}" INTEGER NOT NULL`),
  ];
  const indexes = fields.map((field) => {
    const indexed = common[field] === undefined ? '' : ` WHERE ${isUncommon(field, common[field])}`;
    return `CREATE INDEX IF NOT EXISTS "${name} by ${field}" ON ${name} ("${field}")${indexed}`;
  });
  return [`CREATE TABLE IF NOT EXISTS ${name} (${defined.join(', ')}) STRICT, WITHOUT ROWID`, ...indexes];
}

function toColumn([column, type]: [string, string]): string {
  return `"${column}" ${type === 'JSON' ? 'TEXT' : type}`;
}

/** What adds the columns that a table of an earlier version lacks; they are null in its entries. */
export function missingColumns({ name, columns }: JournalTable, known: ReadonlySet<string>): string[] {
  return Object.entries(columns)
    .filter(([column]) => !known.has(column))
    .map((column) => `ALTER TABLE ${name} ADD COLUMN ${toColumn(column)}`);
}

/** SQLite uses such an index only for a search that says this in the same words. */
export function isUncommon(field: string, common: string): string {
  return `"${field}" <> '${common}'`;
}
