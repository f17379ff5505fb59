/** Journals in MongoDB: a collection for each journal, a document for each entry. MongoDB itself removes old documents. */
import { Injectable } from '@nestjs/common';
import type { Collection, mongo } from 'mongoose';
import {
  Journal,
  type JournalBatch,
  type JournalBounds,
  type JournalEntry,
  type JournalKind,
  type JournalQuery,
  Journals,
  keptFrom,
  type Match,
} from '../journal/journal.js';
import { isDuplicateKey, journalCollection, MongoStore } from './mongo-store.js';

/** Documents that are encoded in one turn of the event loop: half a millisecond, in which no callback is answered. */
const DOCUMENTS_PER_TURN = 200;
/** A journal that is too large shrinks to this share of the bytes that it may have. */
const SHRINK_TO_SHARE = 0.95;
/** One sweep removes no more entries than this. The next sweep goes on. */
const REMOVED_MAX = 500_000;
/** The oldest entries are removed only when so many are too many, so that not every write has to look for them. */
const SLACK = 1_000;

/**
 * One server acknowledges from its memory: no write waits for a disk or another member. With `w: 0`, writes that fail could not be
 * counted.
 */
const LIGHTLY = { w: 1, journal: false } as const;

/** The entry's other fields and its marks stand beside these. */
interface JournalDocument {
  /** The entry's id. */
  readonly _id: string;
  readonly at: Date;
  /** When MongoDB removes it. */
  readonly keptUntil: Date;
}

@Injectable()
export class MongoJournals extends Journals {
  constructor(private readonly store: MongoStore) {
    super();
  }

  override open<T extends JournalEntry>(kind: JournalKind<T>, bounds: JournalBounds): Journal<T> {
    return new MongoJournal(this.store, kind, bounds);
  }
}

class MongoJournal<T extends JournalEntry> extends Journal<T> {
  readonly #documents: Collection<JournalDocument>;
  readonly #writeConcern: { readonly writeConcern?: typeof LIGHTLY };

  constructor(
    private readonly store: MongoStore,
    private readonly kind: JournalKind<T>,
    private readonly bounds: JournalBounds,
  ) {
    super();
    this.#documents = store.collection(journalCollection(kind.name));
    this.#writeConcern = kind.isLasting ? {} : { writeConcern: LIGHTLY };
  }

  override newBatch(): JournalBatch<T> {
    const documents: JournalDocument[] = [];
    return {
      get length() {
        return documents.length;
      },
      add: (entry) => void documents.push(this.#toDocument(entry)),
      write: () => this.#write(documents),
    };
  }

  override newest(query: JournalQuery): Promise<readonly T[]> {
    return this.#find(query, -1);
  }

  override oldest(query: JournalQuery): Promise<readonly T[]> {
    return this.#find(query, 1);
  }

  override async bytes(): Promise<number> {
    return (await this.#measure()).size;
  }

  /** Removes only what is too much. Several replicas may do so at the same time: together they remove no more. */
  override async sweep(nowMs: number): Promise<void> {
    const { only, bytesMax = Infinity } = this.bounds;
    if (only !== undefined) {
      // Entries from before may have a later `keptUntil`.
      const filters = [{ _id: { $lt: keptFrom(this.bounds, nowMs) } }, { [only[0]]: { $ne: only[1] } }];
      await this.#remove({ $or: filters } as mongo.Filter<JournalDocument>);
    }
    const { size, count } = await this.#measure();
    if (size <= bytesMax) return;
    const surplus = Math.ceil(count * (1 - (bytesMax * SHRINK_TO_SHARE) / size));
    const first = await this.store.run(`sweep ${this.kind.name}`, () =>
      this.#idAt({ _id: 1 }, Math.min(surplus, REMOVED_MAX)),
    );
    if (first !== null) await this.#remove({ _id: { $lt: first } });
  }

  async #write(documents: readonly JournalDocument[]): Promise<void> {
    for (let at = 0; at < documents.length; at += DOCUMENTS_PER_TURN) {
      const some = documents.slice(at, at + DOCUMENTS_PER_TURN);
      await this.store.run(`append ${this.kind.name}`, () => this.#insert(some), this.#limitMs);
    }
    if (this.bounds.entriesMax !== undefined) await this.#removeSurplus(this.bounds.entriesMax);
  }

  /** A lasting write has no time limit: only the driver knows whether it was made. */
  get #limitMs(): null | undefined {
    return this.kind.isLasting ? null : undefined;
  }

  async #insert(documents: readonly JournalDocument[]): Promise<void> {
    try {
      await this.#documents.insertMany([...documents], { ordered: false, ...this.#writeConcern });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      await this.#replace(documents);
    }
  }

  async #replace(documents: readonly JournalDocument[]): Promise<void> {
    const replacements = documents.map(({ _id, ...fields }) => ({
      replaceOne: { filter: { _id }, replacement: fields, upsert: true },
    }));
    await this.#documents.bulkWrite(replacements, { ordered: false, ...this.#writeConcern });
  }

  async #removeSurplus(entriesMax: number): Promise<void> {
    const last = await this.store.run(`sweep ${this.kind.name}`, async () => {
      const count = await this.#documents.estimatedDocumentCount();
      return count <= entriesMax + SLACK ? null : this.#idAt({ _id: -1 }, entriesMax);
    });
    if (last !== null) await this.#remove({ _id: { $lte: last } });
  }

  async #idAt(order: { readonly _id: 1 | -1 }, skipped: number): Promise<string | null> {
    const [found] = await this.#documents.find({}).sort(order).skip(skipped).limit(1).toArray();
    return found?._id ?? null;
  }

  async #remove(query: mongo.Filter<JournalDocument>): Promise<void> {
    const { name } = this.kind;
    await this.store.run(`sweep ${name}`, () => this.#documents.deleteMany(query, this.#writeConcern), null);
  }

  #measure(): Promise<{ readonly size: number; readonly count: number }> {
    const { name } = this.kind;
    return this.store.run(`measure ${name}`, () => this.store.measure(journalCollection(name)));
  }

  async #find(query: JournalQuery, order: 1 | -1): Promise<readonly T[]> {
    const found = await this.store.run(`read ${this.kind.name}`, () =>
      this.#documents.find(toFilter(query)).sort({ _id: order }).limit(query.limit).toArray(),
    );
    return found.map((document) => this.#fromDocument(document));
  }

  #toDocument(entry: T): JournalDocument {
    const { id, atMs, ...same } = entry;
    const fields = Object.entries(same).filter(([, value]) => value !== null);
    const marks = Object.entries(this.kind.marks).map(([mark, isSo]) => [mark, isSo(entry)]);
    return {
      _id: id,
      at: new Date(atMs),
      ...Object.fromEntries([...fields, ...marks]),
      keptUntil: new Date(atMs + this.bounds.keptMs),
    };
  }

  #fromDocument({ _id, at, keptUntil: _keptUntil, ...same }: JournalDocument): T {
    const { marks, blank } = this.kind;
    const fields = Object.entries(same).filter(([name]) => !Object.hasOwn(marks, name));
    return { ...blank, id: _id, atMs: at.getTime(), ...Object.fromEntries(fields) } as unknown as T;
  }
}

const oneOf = (value: Match[string]) => (Array.isArray(value) ? { $in: value } : value);

function toFilter({ where, except, anyOf, from, before }: JournalQuery): mongo.Filter<JournalDocument> {
  return {
    ...Object.fromEntries(Object.entries(where ?? {}).map(([field, value]) => [field, oneOf(value)])),
    ...(except === undefined ? {} : { [except[0]]: { $ne: except[1] } }),
    _id: { $gte: from ?? '', ...(before === undefined ? {} : { $lt: before }) },
    ...(anyOf === undefined ? {} : { $or: anyOf.map(([field, value]) => ({ [field]: value })) }),
  } as mongo.Filter<JournalDocument>;
}
