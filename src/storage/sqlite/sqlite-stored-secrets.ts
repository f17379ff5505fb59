import { Inject, Injectable } from '@nestjs/common';
import { SealError } from '../../crypto/sealer.js';
import { RecordStore, type ResealReport } from '../records/records.js';
import type { ResealRules } from '../store/resealing.js';
import { StoredSecrets } from '../store/stored-secrets.js';
import { STORE_CONTENTS, type StoreContents } from '../store/store-contents.js';
import { resealPuppets } from './puppets.js';
import { type EntryRow, toEntry } from './queue.js';
import { SqliteStore } from './sqlite-store.js';

/** How many messages one step rewrites. */
const BATCH_SIZE = 1_000;

const MESSAGES = "SELECT * FROM messages WHERE key > ? AND state IN ('waiting', 'dead') ORDER BY key LIMIT ?";
/** Changes nothing if the content has changed meanwhile. */
const SET_CONTENT = 'UPDATE messages SET content = ? WHERE key = ? AND content = ?';

@Injectable()
export class SqliteStoredSecrets extends StoredSecrets {
  constructor(
    private readonly store: SqliteStore,
    private readonly records: RecordStore,
    @Inject(STORE_CONTENTS) private readonly contents: StoreContents,
  ) {
    super();
  }

  override async rewrite(resealing: ResealRules, report: ResealReport): Promise<void> {
    this.store.requireRoomForCopy();
    await resealPuppets(this.store, resealing, report);
    for (const kind of this.contents.records)
      await this.records.of(kind).reseal((text, identity) => resealing.text(text, identity), report);
    await this.#messages(resealing, report);
  }

  /** SQLite keeps the bytes of what was overwritten until it needs the place. */
  override eraseOverwritten(): Promise<void> {
    return this.store.closeCompacted();
  }

  async #messages(resealing: ResealRules, report: ResealReport): Promise<void> {
    let last = '';
    for (;;) {
      const rows = await this.store.rows<EntryRow>(MESSAGES, last, BATCH_SIZE);
      const statements = rows.flatMap((row) => {
        const content = rewrittenContent(row, resealing, report);
        return content === null ? [] : [{ sql: SET_CONTENT, values: [content, row.key, row.content] }];
      });
      if (statements.length > 0) await this.store.step('rewrite secrets', ...statements);
      report.add({ lookedAt: rows.length, changed: statements.length });
      if (rows.length < BATCH_SIZE) return;
      last = String(rows.at(-1)?.key ?? '');
    }
  }
}

/** @returns `null` for what stays as it is. */
function rewrittenContent(row: EntryRow, resealing: ResealRules, report: ResealReport): string | null {
  const { corpId, openKfId, details } = toEntry(row);
  const { msgid } = details as { readonly msgid?: unknown };
  if (typeof msgid !== 'string') return null;
  try {
    return resealing.message({ corpId, openKfId, msgid }, { content: row.content }).content ?? null;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report.cannotOpen(String(row.key), error.keyId);
    return null;
  }
}
