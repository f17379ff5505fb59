import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { type AuditEntry, firstIdAt } from '../../audit/audit-entry.js';
import {
  AUDIT_ENTRIES_MAX,
  type AuditFilter,
  AuditLog,
  type AuditPage,
  sinceOf,
} from '../../audit/audit-log.js';
import { AUDIT, type AuditDocument, fromDocument, toDocument } from './audit.schema.js';
import { MongoStore } from './mongo-store.js';

/** So many more than its bound are there before the oldest are removed, so that not every write has to look for them. */
const SLACK = 1_000;

/** One document for each entry. MongoDB itself removes what is too old. */
@Injectable()
export class MongoAuditLog extends AuditLog {
  readonly #documents: Collection<AuditDocument>;

  constructor(private readonly store: MongoStore) {
    super();
    this.#documents = store.collection(AUDIT);
  }

  override async append(entries: readonly AuditEntry[]): Promise<void> {
    const operations = entries.map((entry) => {
      const { _id, ...fields } = toDocument(entry);
      return { replaceOne: { filter: { _id }, replacement: fields, upsert: true } };
    });
    await this.store.run(
      'append audit',
      async () => {
        await this.#documents.bulkWrite(operations, { ordered: false });
        await this.#removeOldest();
      },
      null,
    );
  }

  override async search(
    filter: AuditFilter,
    before: string | null,
    limit: number,
    nowMs: number,
  ): Promise<AuditPage> {
    const { operator } = filter;
    const bounds = { $gte: firstIdAt(sinceOf(filter, nowMs)), ...(before === null ? {} : { $lt: before }) };
    const query = {
      at: { $type: 'date' },
      _id: bounds,
      ...(operator !== null && { operator }),
    };
    const found = await this.store.run('search audit', () =>
      this.#documents
        .find(query as object)
        .sort({ _id: -1 })
        .limit(limit + 1)
        .toArray(),
    );
    const entries = found.slice(0, limit).map((document) => fromDocument(document as AuditDocument));
    return { entries, nextBefore: found.length > limit ? (entries.at(-1)?.id ?? null) : null };
  }

  async #removeOldest(): Promise<void> {
    if ((await this.#documents.estimatedDocumentCount()) <= AUDIT_ENTRIES_MAX + SLACK) return;
    const [last] = await this.#documents
      .find({})
      .sort({ _id: -1 })
      .skip(AUDIT_ENTRIES_MAX)
      .limit(1)
      .toArray();
    if (last !== undefined) await this.#documents.deleteMany({ _id: { $lte: last._id } });
  }
}
