/** Journals in SQLite: a table for each, in the order of its ids. Each field has a column, so that `sqlite3` can query it. */
import { Injectable } from '@nestjs/common';
import {
  Journal,
  type JournalBatch,
  type JournalBounds,
  type JournalEntry,
  type JournalKind,
  type JournalQuery,
  Journals,
  type Match,
  keptFrom,
  LAST_ID,
} from '../journal/journal.js';
import type { Row, Statement, Value } from './database.js';
import { SqliteStore } from './sqlite-store.js';
import { isUncommon } from './tables.js';

/** Removing a thousand takes up to 80 ms, in which nothing is written. */
const REMOVED_AT_ONCE = 1_000;
const PAGES_AT_ONCE = 1_000;

const BYTES =
  'SELECT (page_count - freelist_count) * page_size AS bytes, freelist_count AS free FROM pragma_page_count, pragma_freelist_count, pragma_page_size';

@Injectable()
export class SqliteJournals extends Journals {
  constructor(private readonly store: SqliteStore) {
    super();
  }

  override open<T extends JournalEntry>(kind: JournalKind<T>, bounds: JournalBounds): Journal<T> {
    return new SqliteJournal(this.store, kind, bounds);
  }
}

class SqliteJournal<T extends JournalEntry> extends Journal<T> {
  readonly #columns: readonly (readonly [name: string, isJson: boolean])[];
  readonly #insert: string;
  readonly #remove: string;

  constructor(
    private readonly store: SqliteStore,
    private readonly kind: JournalKind<T>,
    private readonly bounds: JournalBounds,
  ) {
    super();
    const { name, columns, marks } = kind;
    this.#columns = Object.entries(columns).map(([column, type]) => [column, type === 'JSON']);
    const names = ['id', 'atMs', ...Object.keys(columns), ...Object.keys(marks)].map((one) => `"${one}"`);
    const values = names.map(() => '?');
    // By name: a file of an earlier version has its columns in another order.
    this.#insert = `INSERT OR REPLACE INTO ${name} (${names.join(', ')}) VALUES (${values.join(', ')})`;
    this.#remove = `DELETE FROM ${name} WHERE id IN (SELECT id FROM ${name} WHERE id < ? ORDER BY id LIMIT ?)`;
  }

  override newBatch(): JournalBatch<T> {
    const statements: Statement[] = [];
    let newestMs = 0;
    return {
      get length() {
        return statements.length;
      },
      add: (entry) => {
        newestMs = Math.max(newestMs, entry.atMs);
        statements.push({ sql: this.#insert, values: this.#toValues(entry) });
      },
      write: () => this.#write(statements, newestMs),
    };
  }

  override newest(query: JournalQuery): Promise<readonly T[]> {
    return this.#find(query, 'DESC');
  }

  override oldest(query: JournalQuery): Promise<readonly T[]> {
    return this.#find(query, 'ASC');
  }

  override async bytes(): Promise<number> {
    return (await this.#measure()).bytes;
  }

  override async sweep(nowMs: number): Promise<void> {
    while ((await this.#removeBefore(keptFrom(this.bounds, nowMs))) === REMOVED_AT_ONCE);
    while ((await this.#removeOthers()) === REMOVED_AT_ONCE);
    await this.#makeRoom();
    if (this.kind.isLasting) return;
    const vacuum = { sql: `PRAGMA incremental_vacuum(${PAGES_AT_ONCE})` };
    for (let free = (await this.#measure()).free; free > 0; free -= PAGES_AT_ONCE)
      await this.#step('sweep', vacuum);
  }

  async #write(inserts: readonly Statement[], newestMs: number): Promise<void> {
    if (inserts.length === 0) return;
    if (!this.kind.isLasting) await this.store.requireRoomForLog();
    // Removes twice as many as come in, so that old entries do not pile up.
    const old = { sql: this.#remove, values: [keptFrom(this.bounds, newestMs), 2 * inserts.length] };
    await this.#step('append', ...inserts, old);
    await this.#makeRoom();
  }

  async #makeRoom(): Promise<void> {
    for (let surplus = await this.#surplus(); surplus > 0; surplus = await this.#surplus())
      if ((await this.#removeBefore(LAST_ID, Math.min(surplus, REMOVED_AT_ONCE))) === 0) return;
  }

  /** About how many entries are too many. */
  async #surplus(): Promise<number> {
    const { entriesMax, bytesMax } = this.bounds;
    if (bytesMax !== undefined) return (await this.bytes()) > bytesMax ? REMOVED_AT_ONCE : 0;
    if (entriesMax === undefined) return 0;
    const [counted] = await this.#rows<{ count: number }>(`SELECT count(*) AS count FROM ${this.kind.name}`);
    return (counted?.count ?? 0) - entriesMax;
  }

  async #removeBefore(id: string, limit = REMOVED_AT_ONCE): Promise<number> {
    const results = await this.#step('sweep', { sql: this.#remove, values: [id, limit] });
    return results?.[0]?.changes ?? 0;
  }

  async #removeOthers(): Promise<number> {
    const { only } = this.bounds;
    if (only === undefined) return 0;
    const { name } = this.kind;
    const some = `SELECT id FROM ${name} WHERE "${only[0]}" <> ? LIMIT ?`;
    const sql = `DELETE FROM ${name} WHERE id IN (${some})`;
    const results = await this.#step('sweep', { sql, values: [only[1], REMOVED_AT_ONCE] });
    return results?.[0]?.changes ?? 0;
  }

  /** Measures the whole file: the other tables in it take about a tenth of what it may take. */
  async #measure(): Promise<{ readonly bytes: number; readonly free: number }> {
    const [measured] = await this.#rows<{ bytes: number; free: number }>(BYTES);
    return measured ?? { bytes: 0, free: 0 };
  }

  async #find({ limit, ...query }: JournalQuery, order: 'ASC' | 'DESC'): Promise<readonly T[]> {
    const { sql, values } = toSelect(this.kind, query, order, limit);
    const rows = await this.#rows<Row>(sql, ...values);
    return rows.map((row) => this.#fromRow(row));
  }

  #step(what: 'append' | 'sweep', ...statements: readonly Statement[]) {
    const { name, isLasting } = this.kind;
    return isLasting
      ? this.store.step(`${what} ${name}`, ...statements)
      : this.store.logStep(`${what} ${name}`, ...statements);
  }

  #rows<R>(sql: string, ...values: readonly Value[]): Promise<readonly R[]> {
    return this.kind.isLasting ? this.store.rows(sql, ...values) : this.store.logRows(sql, ...values);
  }

  #toValues(entry: T): Value[] {
    const { marks } = this.kind;
    const values: Value[] = [entry.id, entry.atMs];
    for (const [name, isJson] of this.#columns) {
      const value = entry[name as keyof T] as Value;
      values.push(isJson && value !== null ? JSON.stringify(value) : value);
    }
    for (const mark in marks) values.push(marks[mark]?.(entry) ? 1 : 0);
    return values;
  }

  #fromRow({ id, atMs, ...row }: Row): T {
    const fields = this.#columns.map(([name, isJson]) => {
      const value = row[name] ?? null;
      return [name, isJson && value !== null ? JSON.parse(String(value)) : value];
    });
    return { id, atMs, ...Object.fromEntries(fields) } as T;
  }
}

const ONE_OF = 'IN (SELECT value FROM json_each(?))';

function toValue(value: Match[string]): Value {
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' ? Number(value) : JSON.stringify(value);
}

/** Uses only the index of the leading field. A plus sign keeps SQLite, which has no statistics, from choosing another index. */
function toSelect<T extends JournalEntry>(
  { name, fields, common }: Pick<JournalKind<T>, 'name' | 'fields' | 'common'>,
  query: Omit<JournalQuery, 'limit'>,
  order: 'ASC' | 'DESC',
  limit: number,
): { readonly sql: string; readonly values: readonly Value[] } {
  const { where = {}, except, anyOf, from, before } = query;
  const isFew = (field: string) => field in where && where[field] !== common[field];
  const lead = anyOf === undefined ? fields.find(isFew) : undefined;
  const led = lead === undefined ? undefined : where[lead];
  if (lead !== undefined && Array.isArray(led)) {
    const { [lead]: _, ...others } = where;
    const oneOf = led.map((value: string): [string, string] => [lead, value]);
    return toSelect({ name, fields, common }, { ...query, where: others, anyOf: oneOf }, order, limit);
  }
  const commonOne = lead === undefined ? undefined : common[lead];
  const bounds: [string, Value][] = [
    ...Object.entries(where).map(([field, value]): [string, Value] => [
      `${field === lead ? '' : '+'}"${field}" ${Array.isArray(value) ? ONE_OF : '= ?'}`,
      toValue(value),
    ]),
    ...(except === undefined ? [] : [[`+"${except[0]}" <> ?`, except[1]] as [string, Value]]),
    ...(from === undefined ? [] : [['id >= ?', from] as [string, Value]]),
    ...(before === undefined ? [] : [['id < ?', before] as [string, Value]]),
  ];
  const conditions = bounds.map(([sql]) => sql);
  if (lead !== undefined && commonOne !== undefined) conditions.push(isUncommon(lead, commonOne));
  const values = bounds.map(([, value]) => value);
  const end = `ORDER BY id ${order} LIMIT ?`;
  if (anyOf === undefined)
    return {
      sql: `SELECT * FROM ${name}${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''} ${end}`,
      values: [...values, limit],
    };
  // Takes the first few entries of each value from its index: all entries together may be most of the table.
  const asked = fields.filter((field) => anyOf.some(([one]) => one === field));
  const ids = asked.map((field) => {
    const few = `SELECT id FROM ${name} WHERE ${[`"${field}" = one.value`, ...conditions].join(' AND ')} ${end}`;
    return `SELECT ${name}.id FROM json_each(?) AS one, ${name} WHERE ${name}.id IN (${few})`;
  });
  const listed = (field: string) => JSON.stringify(anyOf.filter(([one]) => one === field).map(([, v]) => v));
  return {
    sql: `SELECT * FROM ${name} WHERE id IN (${ids.join(' UNION ')}) ${end}`,
    values: [...asked.flatMap((field) => [listed(field), ...values, limit]), limit],
  };
}
