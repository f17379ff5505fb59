import { Inject, Injectable } from '@nestjs/common';
import { Sealer } from '../../crypto/sealer.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { fromFields, type RecordKind } from '../records/record-kind.js';
import { type NewRecord, RecordStore, RecordTable, type StoredRecord } from '../records/records.js';
import type { Database, Statement, Value } from './database.js';
import { SqliteStore } from './sqlite-store.js';

/** How many ended records one step removes: it takes some milliseconds, in which nothing else is written. */
const REMOVED_AT_ONCE = 100;

@Injectable()
export class SqliteRecords extends RecordStore {
  override readonly isShared = false;
  /** How often each kind was written to. */
  readonly #versions = new Map<string, number>();

  constructor(
    private readonly store: SqliteStore,
    private readonly storeClock: StoreClock,
    sealer: Sealer,
    @Inject(LOG) log: Log,
  ) {
    super(sealer, log);
  }

  protected override table(kind: RecordKind<object>): RecordTable {
    return new SqliteRecordTable(kind, this.store, this.storeClock, this.#versions);
  }
}

/** The records as they are stored, for readers that change nothing. */
export async function readRecords<T extends object>(
  kind: RecordKind<T>,
  database: Database,
): Promise<readonly T[]> {
  const rows = await database.rows<Row>(`SELECT key, revision, fields FROM ${kind.name}`);
  return rows.map(({ fields }) => fromFields(kind, JSON.parse(fields)));
}

interface Row {
  readonly key: string;
  readonly revision: string;
  readonly fields: string;
}

class SqliteRecordTable extends RecordTable {
  #seen: number | null = null;
  #isSweeping = false;

  constructor(
    private readonly kind: RecordKind<object>,
    private readonly store: SqliteStore,
    private readonly storeClock: StoreClock,
    private readonly versions: Map<string, number>,
  ) {
    super();
  }

  override async all(): Promise<readonly StoredRecord[]> {
    const version = this.#version;
    const all = await this.#read('');
    this.#seen = version;
    return all;
  }

  override async changes(): Promise<readonly StoredRecord[] | null> {
    return this.#seen === this.#version ? null : this.all();
  }

  override page(afterKey: string, limit: number): Promise<readonly StoredRecord[]> {
    return this.#read('WHERE key > ? ORDER BY key LIMIT ?', afterKey, limit);
  }

  override async find(key: string): Promise<StoredRecord | null> {
    return (await this.#read('WHERE key = ?', key))[0] ?? null;
  }

  override findBy(lookupKey: string): Promise<readonly StoredRecord[]> {
    const { name } = this.kind;
    return this.#read(`WHERE key IN (SELECT key FROM ${name}_lookup_keys WHERE text = ?)`, lookupKey);
  }

  override async lookupCounts(): Promise<ReadonlyMap<string, number>> {
    const { name } = this.kind;
    const rows = await this.store.rows<{ readonly text: string; readonly count: number }>(
      `SELECT text, count(*) AS count FROM ${name}_lookup_keys JOIN ${name} USING (key)
        WHERE expires_at IS NULL OR expires_at > ? GROUP BY text`,
      this.storeClock.nowMs(),
    );
    return new Map(rows.map(({ text, count }) => [text, count]));
  }

  override async write(record: NewRecord, before: string | null): Promise<'written' | 'changed' | 'taken'> {
    if ((await this.#write(this.#writing(record, before))) !== null) return 'written';
    return (await this.#isTaken(record)) ? 'taken' : 'changed';
  }

  override async writeAll(records: readonly NewRecord[], removedKeys: readonly string[]): Promise<void> {
    const removed = removedKeys.map((key) => this.#removing(key));
    const written = records.flatMap((record) => this.#putting(record));
    await this.#write([...removed, ...written]);
  }

  override async remove(key: string): Promise<boolean> {
    const [result] = (await this.#step('remove record', this.#removing(key))) ?? [];
    return result !== undefined && result.changes > 0;
  }

  get #version(): number {
    return this.versions.get(this.kind.name) ?? 0;
  }

  async #read(where: string, ...values: readonly Value[]): Promise<readonly StoredRecord[]> {
    const sql = `SELECT key, revision, fields FROM ${this.kind.name} ${where}`;
    const rows = await this.store.rows<Row>(sql, ...values);
    return rows.map((row) => ({ ...row, fields: JSON.parse(row.fields) }));
  }

  /** Each write also removes some records that have ended. If there are more, they are removed behind it. */
  async #write(writing: readonly Statement[]) {
    const sweeping = this.#sweeping();
    const results = await this.#step('write record', ...writing, ...sweeping);
    if (sweeping.length > 0 && results?.at(-1)?.changes === REMOVED_AT_ONCE) void this.#sweep();
    return results;
  }

  /** Little at a time, so that other writes come in between. Never rejects: the next write goes on with it. */
  async #sweep(): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    let removed: number | undefined;
    do
      removed = await this.#step('sweep records', ...this.#sweeping()).then(
        (results) => results?.[0]?.changes,
        () => 0,
      );
    while (removed === REMOVED_AT_ONCE);
    this.#isSweeping = false;
  }

  /** A step that fails may have happened all the same, so the version rises in any case. */
  async #step(what: 'write record' | 'remove record' | 'sweep records', ...statements: readonly Statement[]) {
    try {
      return await this.store.step(what, ...statements);
    } finally {
      this.versions.set(this.kind.name, this.#version + 1);
    }
  }

  #writing(record: NewRecord, before: string | null): Statement[] {
    const { name } = this.kind;
    const { key, revision, expiresAtMs } = record;
    const values = [revision, expiresAtMs, JSON.stringify(record.fields), key];
    const sql =
      before === null
        ? `INSERT INTO ${name} (revision, expires_at, fields, key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
        : `UPDATE ${name} SET revision = ?, expires_at = ?, fields = ? WHERE key = ? AND revision = ?`;
    const written = { sql, values: before === null ? values : [...values, before], changes: 1 };
    return [written, ...this.#keying(record)];
  }

  #putting(record: NewRecord): Statement[] {
    const { key, revision, expiresAtMs, fields } = record;
    const sql = `INSERT OR REPLACE INTO ${this.kind.name} (key, revision, expires_at, fields) VALUES (?, ?, ?, ?)`;
    return [{ sql, values: [key, revision, expiresAtMs, JSON.stringify(fields)] }, ...this.#keying(record)];
  }

  #keying({ key, uniqueKeys, lookupKeys }: NewRecord): Statement[] {
    const { name, uniqueKeysOf, lookupKeysOf } = this.kind;
    const replace = (table: string, texts: readonly string[]): Statement[] => [
      { sql: `DELETE FROM ${name}_${table} WHERE key = ?`, values: [key] },
      {
        sql: `INSERT INTO ${name}_${table} (text, key) SELECT value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`,
        values: [key, JSON.stringify(texts)],
        changes: texts.length,
      },
    ];
    return [
      ...(uniqueKeysOf === undefined ? [] : replace('unique_keys', [...new Set(uniqueKeys)])),
      ...(lookupKeysOf === undefined ? [] : replace('lookup_keys', [...new Set(lookupKeys)])),
    ];
  }

  #removing(key: string): Statement {
    return { sql: `DELETE FROM ${this.kind.name} WHERE key = ?`, values: [key] };
  }

  #sweeping(): Statement[] {
    const { name, expiresAtMsOf } = this.kind;
    if (expiresAtMsOf === undefined) return [];
    const sql = `DELETE FROM ${name} WHERE key IN (SELECT key FROM ${name} WHERE expires_at <= ? LIMIT ?)`;
    return [{ sql, values: [this.storeClock.nowMs(), REMOVED_AT_ONCE] }];
  }

  async #isTaken({ key, uniqueKeys }: NewRecord): Promise<boolean> {
    if (uniqueKeys.length === 0) return false;
    const sql = `SELECT 1 FROM ${this.kind.name}_unique_keys
      WHERE text IN (SELECT value FROM json_each(?)) AND key <> ? LIMIT 1`;
    return (await this.store.rows(sql, JSON.stringify(uniqueKeys), key)).length > 0;
  }
}
