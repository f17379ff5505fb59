import { Inject, Injectable } from '@nestjs/common';
import type { Collection, mongo } from 'mongoose';
import { Sealer } from '../../crypto/sealer.js';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { RecordKind } from '../records/record-kind.js';
import { type NewRecord, RecordStore, RecordTable, type StoredRecord } from '../records/records.js';
import { collectionOf, isDuplicateKey, META, type MetaDocument, MongoStore } from './mongo-store.js';

/** Finds changes without a new version: a process died before it raised it, a person wrote, or MongoDB removed a record. */
const READ_ANEW_MS = 60_000;

/** A person may look at it, so the fields are not kept as one text of JSON. */
export interface RecordDocument {
  readonly _id: string;
  readonly revision: string;
  readonly uniqueKeys?: readonly string[];
  readonly lookupKeys?: readonly string[];
  /** MongoDB removes it then. */
  readonly expiresAt?: Date;
  readonly fields: object;
}

@Injectable()
export class MongoRecords extends RecordStore {
  override readonly isShared = true;

  constructor(
    private readonly store: MongoStore,
    private readonly clock: Clock,
    sealer: Sealer,
    @Inject(LOG) log: Log,
  ) {
    super(sealer, log);
  }

  protected override table(kind: RecordKind<object>): RecordTable {
    return new MongoRecordTable(kind, this.store, this.clock);
  }
}

interface Seen {
  readonly version: number;
  /** When it was read, on the clock that never jumps. */
  readonly atMs: number;
}

/**
 * One collection. For a kind that replicas poll, the database holds a version that rises with each change, so that a replica learns
 * cheaply whether there was a change. The version rises when the change is complete. Until then another replica gets the earlier
 * records, as if it had asked a moment before.
 */
class MongoRecordTable extends RecordTable {
  readonly #documents: Collection<RecordDocument>;
  readonly #meta: Collection<MetaDocument>;
  #seen: Seen | null = null;

  constructor(
    private readonly kind: RecordKind<object>,
    private readonly store: MongoStore,
    private readonly clock: Clock,
  ) {
    super();
    this.#documents = store.collection(collectionOf(kind));
    this.#meta = store.collection(META);
  }

  override async all(): Promise<readonly StoredRecord[]> {
    return (await this.#readIf(() => true)) ?? [];
  }

  override changes(): Promise<readonly StoredRecord[] | null> {
    return this.#readIf((seen) => this.#isNew(seen));
  }

  override page(afterKey: string, limit: number): Promise<readonly StoredRecord[]> {
    const following = () =>
      this.#documents
        .find({ _id: { $gt: afterKey } })
        .sort({ _id: 1 })
        .limit(limit);
    return this.store.run('find records', async () => (await following().toArray()).map(fromDocument));
  }

  override async find(key: string): Promise<StoredRecord | null> {
    const [found = null] = await this.store.run('find records', () => this.#read({ _id: key }));
    return found;
  }

  override findBy(lookupKey: string): Promise<readonly StoredRecord[]> {
    return this.store.run('find records', () => this.#read({ lookupKeys: lookupKey }));
  }

  override async lookupCounts(): Promise<ReadonlyMap<string, number>> {
    const stages = [
      {
        $match: {
          $or: [{ expiresAt: { $exists: false } }, { expiresAt: { $gt: new Date(this.clock.nowMs()) } }],
        },
      },
      { $unwind: '$lookupKeys' },
      { $group: { _id: '$lookupKeys', count: { $sum: 1 } } },
    ];
    const counts = await this.store.run('find records', () =>
      this.#documents.aggregate<{ readonly _id: string; readonly count: number }>(stages).toArray(),
    );
    return new Map(counts.map(({ _id, count }) => [_id, count]));
  }

  override write(record: NewRecord, before: string | null): Promise<'written' | 'changed' | 'taken'> {
    return this.#change('write record', async () => {
      const document = toDocument(record);
      try {
        if (before === null) await this.#documents.insertOne(document);
        else if (!(await this.#replace(document, before))) return 'changed';
        return 'written';
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return (await this.#isTaken(record)) ? 'taken' : 'changed';
      }
    });
  }

  override async writeAll(records: readonly NewRecord[], removedKeys: readonly string[]): Promise<void> {
    const removed = removedKeys.map((_id) => ({ deleteOne: { filter: { _id } } }));
    const written = records.map(toDocument).map(({ _id, ...replacement }) => ({
      replaceOne: { filter: { _id }, replacement, upsert: true },
    }));
    await this.#change('write record', () => this.#documents.bulkWrite([...removed, ...written]));
  }

  override remove(key: string): Promise<boolean> {
    return this.#change('remove record', async () => {
      const { deletedCount } = await this.#documents.deleteOne({ _id: key });
      return deletedCount > 0;
    });
  }

  /** @returns `null` where they are not wanted. */
  async #readIf(isWanted: (seen: Seen) => boolean): Promise<readonly StoredRecord[] | null> {
    const { seen, records } = await this.store.run('load records', async () => {
      // Read before the records, so that a change that comes meanwhile is read the next time.
      const seen = await this.#readVersion();
      return { seen, records: isWanted(seen) ? await this.#read({}) : null };
    });
    // Not within the operation, which may go on after its deadline: nobody gets the records that it finds then.
    if (records !== null) this.#seen = seen;
    return records;
  }

  #isNew({ version, atMs }: Seen): boolean {
    return this.#seen?.version !== version || atMs - this.#seen.atMs >= READ_ANEW_MS;
  }

  async #readVersion(): Promise<Seen> {
    const atMs = this.clock.elapsedMs();
    if (!this.kind.isPolled) return { version: 0, atMs };
    const { version = 0 } = (await this.#meta.findOne({ _id: this.kind.name })) ?? {};
    return { version, atMs };
  }

  async #read(filter: mongo.Filter<RecordDocument>): Promise<readonly StoredRecord[]> {
    return (await this.#documents.find(filter).toArray()).map(fromDocument);
  }

  async #replace({ _id, ...replacement }: RecordDocument, before: string): Promise<boolean> {
    const { matchedCount } = await this.#documents.replaceOne({ _id, revision: before }, replacement);
    return matchedCount > 0;
  }

  async #isTaken({ key, uniqueKeys }: NewRecord): Promise<boolean> {
    const filter = { _id: { $ne: key }, uniqueKeys: { $in: [...uniqueKeys] } };
    return (await this.#documents.findOne(filter)) !== null;
  }

  /** A write has no time limit: it ends when its outcome is known. */
  #change<T>(what: 'write record' | 'remove record', change: () => Promise<T>): Promise<T> {
    const changeAndTell = async (): Promise<T> => {
      const outcome = await change();
      // Also when nothing was changed: an earlier try may have changed something and failed before this line.
      if (this.kind.isPolled) await this.#raiseVersion();
      return outcome;
    };
    return this.store.run(what, changeAndTell, null);
  }

  async #raiseVersion(): Promise<void> {
    const raise = () =>
      this.#meta.updateOne({ _id: this.kind.name }, { $inc: { version: 1 } }, { upsert: true });
    // When two processes make the document at the same time, one of them fails, and raises the version by its second try.
    await raise().catch((error: unknown) => {
      if (!isDuplicateKey(error)) throw error;
      return raise();
    });
  }
}

/** Leaves out an empty list, which a unique index would take for a value. */
function toDocument({
  key,
  revision,
  uniqueKeys,
  lookupKeys,
  expiresAtMs,
  fields,
}: NewRecord): RecordDocument {
  return {
    _id: key,
    revision,
    ...(uniqueKeys.length > 0 && { uniqueKeys }),
    ...(lookupKeys.length > 0 && { lookupKeys }),
    ...(expiresAtMs !== null && { expiresAt: new Date(expiresAtMs) }),
    fields,
  };
}

function fromDocument({ _id, revision, fields }: RecordDocument): StoredRecord {
  return { key: _id, revision, fields };
}
