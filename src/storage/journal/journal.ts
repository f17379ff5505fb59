/**
 * Journals hold entries that are written as things happen, read by time and by some fields, and removed when they are old or too
 * many. They hold no secrets. An entry is changed only by writing it again.
 */
import { REPLICA } from '../../kernel/replica.js';

export interface JournalEntry {
  /** Of `JournalIds`: unique across all replicas, and sorts by time. */
  readonly id: string;
  /** Store time. */
  readonly atMs: number;
}

/** Names the table or collection of a journal. */
export type JournalName = 'deliveries' | 'audit' | 'figures';

/** As SQLite calls them; `JSON` is an object, kept as text. */
export type ColumnType = 'TEXT' | 'INTEGER' | 'REAL' | 'JSON';

/** What a journal keeps. */
export interface JournalKind<T extends JournalEntry> {
  readonly name: JournalName;
  /** The fields of an entry besides id and time. */
  readonly columns: Readonly<Record<Exclude<keyof T & string, keyof JournalEntry>, ColumnType>>;
  /** Indexed fields: texts or null. When a query names several of them, the first one here leads the search. */
  readonly fields: readonly (keyof T & string)[];
  /** The value of a field in most entries. SQLite's index leaves these entries out: a search finds them soon without it. */
  readonly common: Readonly<Record<string, string>>;
  /** Properties that are decided when an entry is written. Queries pick entries by them. */
  readonly marks: Readonly<Record<string, (entry: T) => boolean>>;
  /** The fields that may be null. A store may leave them out then. */
  readonly blank: Partial<T>;
  /** Whether an entry is on the disk once it is written. If not, a machine that dies may lose the last seconds. */
  readonly isLasting: boolean;
}

/** What a store needs to know of every journal before one is opened. */
export type JournalTable = Pick<JournalKind<never>, 'name' | 'isLasting' | 'common'> & {
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly fields: readonly string[];
  readonly marks: Readonly<Record<string, unknown>>;
};

/** The oldest entries go first. */
export interface JournalBounds {
  readonly keptMs: number;
  /** A sweep removes entries whose field has another value, too. The field is never null. */
  readonly only?: readonly [field: string, value: string];
  readonly entriesMax?: number;
  /** Only for a journal that is not lasting: SQLite cannot tell the size of a lasting one from that of its whole file. */
  readonly bytesMax?: number;
}

/** The values that fields and marks must have; of a list, a field must have one. */
export type Match = Readonly<Record<string, string | boolean | readonly string[]>>;

export interface JournalQuery {
  readonly where?: Match;
  /** The field must not have this value. */
  readonly except?: readonly [field: string, value: string];
  /** At least one of these fields must have its value, too. */
  readonly anyOf?: readonly (readonly [field: string, value: string])[];
  /** The first id, included. */
  readonly from?: string;
  /** The id where the search ends, excluded. */
  readonly before?: string;
  readonly limit: number;
}

export interface JournalPage<T> {
  /** The newest first. */
  readonly entries: readonly T[];
  /** Where the next page begins; `null` at the end. */
  readonly nextBefore: string | null;
}

/**
 * Entries that are written together. Each is encoded when it is added: encoding a hundred at once would hold up callbacks, and
 * V8 would have to copy the objects that wait.
 */
export interface JournalBatch<T> {
  /** The number of entries. */
  readonly length: number;
  add(entry: T): void;
  /**
   * Call it once. An entry replaces a stored one with the same id, so the same entries may be written again.
   * @throws Error when not all of it was written, as far as is known.
   */
  write(): Promise<void>;
}

export abstract class Journal<T extends JournalEntry> {
  /** An empty batch. */
  abstract newBatch(): JournalBatch<T>;

  /** The newest first. @throws AppError `STORE_UNAVAILABLE` */
  abstract newest(query: JournalQuery): Promise<readonly T[]>;

  /** The oldest first. @throws AppError `STORE_UNAVAILABLE` */
  abstract oldest(query: JournalQuery): Promise<readonly T[]>;

  /** About how many bytes of the disk it takes. @throws AppError `STORE_UNAVAILABLE` */
  abstract bytes(): Promise<number>;

  /** Removes entries beyond the bounds. A write removes about as many as it writes. @throws AppError `STORE_UNAVAILABLE` */
  abstract sweep(nowMs: number): Promise<void>;

  /** @throws Error when not all of them were written, as far as is known. */
  async append(entries: readonly T[]): Promise<void> {
    const batch = this.newBatch();
    for (const entry of entries) batch.add(entry);
    await batch.write();
  }

  /** @throws AppError `STORE_UNAVAILABLE` */
  async page(query: JournalQuery): Promise<JournalPage<T>> {
    const found = await this.newest({ ...query, limit: query.limit + 1 });
    const entries = found.slice(0, query.limit);
    return { entries, nextBefore: found.length > query.limit ? (entries.at(-1)?.id ?? null) : null };
  }
}

/** The port: each journal belongs to the feature that opens it. */
export abstract class Journals {
  /** Returns at once, also while the store is away. */
  abstract open<T extends JournalEntry>(kind: JournalKind<T>, bounds: JournalBounds): Journal<T>;
}

const TIME_LENGTH = 9;
const COUNT_LENGTH = 5;
const COUNT_MAX = 36 ** COUNT_LENGTH;
const REPLICA_LENGTH = 6;
const ID = new RegExp(`^[0-9a-z]{${TIME_LENGTH + COUNT_LENGTH}}[0-9a-f]{${REPLICA_LENGTH}}$`);
/** Comes after every id. */
export const LAST_ID = '~';

function toDigits(value: number, length: number): string {
  return value.toString(36).padStart(length, '0');
}

/** The first of all ids that an entry of this time or a later one may have. */
export function firstIdAt(ms: number): string {
  return toDigits(Math.max(0, Math.floor(ms)), TIME_LENGTH);
}

/** @returns the id before which all entries are too old. */
export function keptFrom({ keptMs }: JournalBounds, nowMs: number): string {
  return firstIdAt(nowMs - keptMs);
}

export function isJournalId(text: string): boolean {
  return ID.test(text);
}

/** Store time. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, TIME_LENGTH), 36);
}

/** Makes ids for entries. Each id sorts after the one before, also when the clock steps back. */
export class JournalIds {
  readonly #replica = REPLICA.slice(-REPLICA_LENGTH);
  #lastMs = 0;
  /** The text of `#lastMs`: under load, many entries share one millisecond. */
  #lastTime = firstIdAt(0);
  #count = 0;

  next(atMs: number): string {
    if (atMs > this.#lastMs) {
      this.#lastMs = atMs;
      this.#lastTime = firstIdAt(atMs);
    }
    return `${this.#lastTime}${toDigits(this.#count++ % COUNT_MAX, COUNT_LENGTH)}${this.#replica}`;
  }
}
