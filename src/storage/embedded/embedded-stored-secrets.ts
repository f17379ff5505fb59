import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import { SealError } from '../../crypto/sealer.js';
import type { Resealing } from '../sealed/resealing.js';
import { type ResealReport, StoredSecrets } from '../sealed/stored-secrets.js';
import { readHead } from '../sqlite/messages.js';
import { SqliteStore } from '../sqlite/sqlite-store.js';
import type { StoredApp } from './embedded-app.repository.js';
import type { StoredBot } from './embedded-bot.repository.js';
import { resealPuppets } from '../sqlite/puppets.js';
import { EmbeddedStore } from './embedded-store.js';
import { isStoredRecord } from './stored-token.js';

/** In one commit. */
const BATCH_SIZE = 1_000;

interface MessageRow {
  readonly key: string;
  readonly head: string;
  readonly content: string;
}
const MESSAGES = 'SELECT * FROM messages WHERE key > ? ORDER BY key LIMIT ?';
/** Unless it has changed meanwhile. */
const SET_CONTENT = 'UPDATE messages SET content = ? WHERE key = ? AND content = ?';

@Injectable()
export class EmbeddedStoredSecrets extends StoredSecrets {
  constructor(
    private readonly store: EmbeddedStore,
    private readonly sqlite: SqliteStore,
  ) {
    super();
  }

  override async rewrite(resealing: Resealing, report: ResealReport): Promise<void> {
    this.store.requireRoomForCopy();
    await resealPuppets(this.sqlite, resealing, report);
    await this.#each<StoredApp>('apps', report, (apps, key) =>
      rewriteRecord(apps, key, (app) => resealing.app(app, app), report),
    );
    await this.#each<StoredBot>('bots', report, (bots, key) =>
      rewriteRecord(bots, key, (bot) => resealing.bot(bot, bot), report),
    );
    await this.#each<unknown>('accessTokens', report, (tokens, key) => rewriteToken(tokens, key, resealing));
    await this.#messages(resealing, report);
  }

  /** LMDB keeps the pages of what was overwritten until it needs them. */
  override eraseOverwritten(): Promise<void> {
    return this.store.closeCompacted();
  }

  async #messages(resealing: Resealing, report: ResealReport): Promise<void> {
    let last = '';
    for (;;) {
      const rows = await this.sqlite.rows<MessageRow>(MESSAGES, last, BATCH_SIZE);
      const statements = rows.flatMap((row) => {
        const content = rewrittenContent(row, resealing, report);
        return content === null ? [] : [{ sql: SET_CONTENT, values: [content, row.key, row.content] }];
      });
      if (statements.length > 0) await this.sqlite.step('rewrite secrets', ...statements);
      report.add({ lookedAt: rows.length, changed: statements.length });
      if (rows.length < BATCH_SIZE) return;
      last = rows.at(-1)?.key ?? '';
    }
  }

  /** @param rewrite tells whether it changed anything. */
  async #each<V>(
    name: 'apps' | 'bots' | 'accessTokens',
    report: ResealReport,
    rewrite: (database: Database<V, string>, key: string) => boolean,
  ): Promise<void> {
    const database = this.store.database<V>(name);
    const keys = [...database.getKeys()];
    for (let at = 0; at < keys.length; at += BATCH_SIZE) {
      const batch = keys.slice(at, at + BATCH_SIZE);
      let changed = 0;
      await this.store.durably('rewrite secrets', () =>
        database.transaction(() => {
          for (const key of batch) if (rewrite(database, key)) changed++;
          return true;
        }),
      );
      report.add({ lookedAt: batch.length, changed });
    }
  }
}

/** @param changesOf gives those of its fields that change. */
function rewriteRecord<V extends object>(
  records: Database<V, string>,
  key: string,
  changesOf: (record: V) => object,
  report: ResealReport,
): boolean {
  const before = records.get(key);
  if (before === undefined) return false;
  try {
    const changed = changesOf(before);
    if (Object.keys(changed).length === 0) return false;
    records.put(key, { ...before, ...changed });
    return true;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report.cannotOpen(key, error.keyId);
    return false;
  }
}

/** @returns `null` for what stays as it is. */
function rewrittenContent(row: MessageRow, resealing: Resealing, report: ResealReport): string | null {
  const head = readHead(row.key, row.head);
  if (head === null) return null;
  try {
    return resealing.message(head, { content: row.content }).content ?? null;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report.cannotOpen(row.key, error.keyId);
    return null;
  }
}

/** Removes what is not a valid record, as the store of access tokens does. */
function rewriteToken(tokens: Database<unknown, string>, key: string, resealing: Resealing): boolean {
  const before = readOrNull(tokens, key);
  if (!isStoredRecord(before)) {
    tokens.remove(key);
    return true;
  }
  const { token } = before;
  if (token === null) return false;
  const value = resealing.token(key, token.value);
  if (value === token.value) return false;
  tokens.put(key, { ...before, token: value === null ? null : { ...token, value } });
  return true;
}

function readOrNull(tokens: Database<unknown, string>, key: string): unknown {
  try {
    return tokens.get(key);
  } catch {
    return null;
  }
}
