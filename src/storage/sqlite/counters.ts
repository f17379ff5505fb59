import { Injectable } from '@nestjs/common';
import { type TimedCount, Counters, toCounts } from '../counters/counters.js';
import { SqliteStore } from './sqlite-store.js';

const FIND = 'SELECT counts FROM counts WHERE key = ?';
const INSERT = 'INSERT INTO counts (key, counts, kept_until_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
const UPDATE = 'UPDATE counts SET counts = ?, kept_until_ms = ? WHERE key = ? AND counts = ?';
const FORGET = 'DELETE FROM counts WHERE kept_until_ms <= ?';

@Injectable()
export class SqliteCounters extends Counters {
  constructor(private readonly store: SqliteStore) {
    super();
  }

  protected override async change(
    key: string,
    nowMs: number,
    keptUntilMs: number,
    decide: (before: readonly TimedCount[]) => readonly TimedCount[] | null,
  ): Promise<void> {
    // Something else in this process may write between our read and our write. Then `decide` is asked again.
    for (;;) {
      const [row] = await this.store.rows<{ counts: string }>(FIND, key);
      const counts = decide(row === undefined ? [] : parse(row.counts));
      if (counts === null) return;
      const text = JSON.stringify(counts);
      const write =
        row === undefined
          ? { sql: INSERT, values: [key, text, keptUntilMs], changes: 1 }
          : { sql: UPDATE, values: [text, keptUntilMs, key, row.counts], changes: 1 };
      if ((await this.store.step('count', write, { sql: FORGET, values: [nowMs] })) !== null) return;
    }
  }
}

function parse(text: string): readonly TimedCount[] {
  try {
    return toCounts(JSON.parse(text));
  } catch {
    return [];
  }
}
