import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { AppError } from '../../kernel/app-error.js';
import type { Row, Statement } from './database.js';
import type { StatementResult } from './database-worker.js';
import type { Steps } from './queue.js';
import { QUEUE_TABLES } from './tables.js';

/** The queue's tables in memory, in the thread of the caller: what they have must be little. */
export class MemorySqlite implements Steps {
  readonly #database = new DatabaseSync(':memory:');
  readonly #prepared = new Map<string, StatementSync>();

  constructor() {
    for (const sql of QUEUE_TABLES) this.#database.exec(sql);
  }

  async step(what: string, ...statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    try {
      this.#database.exec('BEGIN');
      const results = statements.map((statement) => this.#run(statement));
      this.#database.exec('COMMIT');
      return results;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw new AppError('STORE_UNAVAILABLE', { cause, internal: { what } });
    }
  }

  async rows<T>(sql: string, ...values: NonNullable<Statement['values']>): Promise<readonly T[]> {
    return this.#run({ sql, values }).rows as readonly T[];
  }

  requireWritable(): void {}

  requireRoomForMessages(): void {}

  #run({ sql, values = [] }: Statement): StatementResult {
    const statement = this.#prepared.get(sql) ?? this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    if (statement.columns().length > 0) {
      const rows = statement.all(...values) as Row[];
      return { rows, changes: rows.length };
    }
    return { rows: [], changes: Number(statement.run(...values).changes) };
  }
}
