import { randomUUID } from 'node:crypto';
import { type Identity, SealError, type Sealer } from '../../crypto/sealer.js';
import type { Log } from '../../kernel/log.js';
import { newSizedLru } from '../../kernel/lru.js';
import { CONFLICT, untilNoConflict } from '../../kernel/compare-and-set.js';
import {
  fromFields,
  identityOf,
  mapSecrets,
  openSecrets,
  type RecordKind,
  sealSecrets,
  textAt,
  toFields,
} from './record-kind.js';
import { MissingKeys } from './missing-keys.js';

/** How many records are sealed anew at a time. */
const BATCH_SIZE = 100;
/** How many characters of a kind's records are remembered: of 1,000 records as most are. Some have a hundred thousand. */
const WRITTEN_CHARS_MAX = 2_097_152;
/** What a record takes beside its text. */
const ENTRY_CHARS = 1_000;

/** How many records. */
export interface ResealCounts {
  readonly lookedAt: number;
  readonly changed: number;
}

/** Collects the progress, batch by batch. */
export interface ResealReport {
  add(counts: Partial<ResealCounts>): void;
  /** A record that stays as it is. */
  cannotOpen(record: string, keyId: string): void;
}

/** How a stored secret, sealed or plain, is to be stored. @throws SealError */
export type Resealer = (text: string, identity: Identity) => string;

/** `left`: the record was to stay as it is. `taken`: another record has its key, or one of its unique keys. */
export interface Change<T> {
  readonly outcome: 'written' | 'left' | 'taken';
  /** As it is now; `null` where there is none. */
  readonly record: T | null;
}

/**
 * The records of one kind, so few that every replica may know all of them. A read rejects with AppError `STORE_UNAVAILABLE`
 * when the store does not answer in time. A write settles once its outcome is known, which may take longer. A rejected write
 * may have happened; every write is safe to repeat.
 *
 * Secrets are stored sealed where there is a key for it. A record whose secrets do not open has `''` in their place, and the log
 * says so once. A change of such a record leaves its sealed secrets as they are.
 */
export class Records<T extends object> {
  #hasLoaded = false;
  /** As this process wrote them last: mostly nobody else has changed them since. */
  readonly #written = newSizedLru<StoredRecord>(
    WRITTEN_CHARS_MAX,
    ({ fields }) => ENTRY_CHARS + JSON.stringify(fields).length,
  );
  /** The keys of records that were reported as closed. For replaceable records, the ids of the keys that sealed them. */
  readonly #closed = new Set<string>();

  constructor(
    private readonly kind: RecordKind<T>,
    private readonly table: RecordTable,
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {}

  /** All records, in no order. @throws StorageStartError when a key is missing, until a load has once succeeded. */
  async load(): Promise<readonly T[]> {
    const stored = await this.table.all();
    if (!this.#hasLoaded) this.#requireKeys(stored);
    this.#hasLoaded = true;
    return stored.map((one) => this.#open(one));
  }

  /**
   * All records, or `null` when no process has changed any since the last `load` or `changes` of this object. Cheap enough to ask
   * every few seconds. Only for kinds with `isPolled`.
   */
  async changes(): Promise<readonly T[] | null> {
    const stored = await this.table.changes();
    return stored?.map((one) => this.#open(one)) ?? null;
  }

  /** At most `limit` records, those that follow this key, in the order of their keys. For kinds with very many records. */
  async page(afterKey: string, limit: number): Promise<readonly T[]> {
    return (await this.table.page(afterKey, limit)).map((one) => this.#open(one));
  }

  async find(key: string): Promise<T | null> {
    const stored = await this.table.find(key);
    return stored === null ? null : this.#open(stored);
  }

  /** The records that have this lookup key. */
  async findBy(lookupKey: string): Promise<readonly T[]> {
    return (await this.table.findBy(lookupKey)).map((one) => this.#open(one));
  }

  /** How many records have each lookup key, without expired ones. */
  lookupCounts(): Promise<ReadonlyMap<string, number>> {
    return this.table.lookupCounts();
  }

  /** The same record may be added again. */
  async add(record: T): Promise<'written' | 'taken'> {
    const { outcome, record: before } = await this.change(this.kind.keyOf(record), (there) =>
      there === null ? record : null,
    );
    if (outcome !== 'left') return outcome;
    return before !== null && this.#isSame(before, record) ? 'written' : 'taken';
  }

  /**
   * Writes what `decide` makes of the record. If somebody has changed the record meanwhile, `decide` is asked again.
   * @param decide gets `null` where there is no such record, and returns `null` to leave everything as it is.
   */
  async change(key: string, decide: (before: T | null) => T | null): Promise<Change<T>> {
    const written = this.#written.get(key);
    if (written !== undefined) {
      const changed = await this.#change(key, written, decide);
      // Our record may be out of date, so only the stored one can show that nothing is to be written.
      if (changed !== CONFLICT && changed.outcome === 'written') return changed;
    }
    return untilNoConflict(async () => this.#change(key, await this.table.find(key), decide));
  }

  async #change(
    key: string,
    stored: StoredRecord | null,
    decide: (before: T | null) => T | null,
  ): Promise<Change<T> | typeof CONFLICT> {
    const before = stored === null ? null : this.#open(stored);
    const after = decide(before);
    if (after === null) return { outcome: 'left', record: before };
    const next = this.#toStored(after, stored);
    this.#written.delete(key);
    const outcome = await this.table.write(next, stored?.revision ?? null);
    if (outcome === 'changed') return CONFLICT;
    if (outcome === 'written') this.#written.set(key, next);
    return { outcome, record: outcome === 'written' ? after : before };
  }

  /** Writes and removes many records, whatever was there. For kinds without unique keys. */
  async writeAll(records: readonly T[], removedKeys: readonly string[]): Promise<void> {
    if (records.length + removedKeys.length === 0) return;
    const stored = records.map((record) => this.#toStored(record, null));
    for (const key of [...stored.map((one) => one.key), ...removedKeys]) this.#written.delete(key);
    await this.table.writeAll(stored, removedKeys);
  }

  /** @returns false when there was none. */
  remove(key: string): Promise<boolean> {
    this.#written.delete(key);
    return this.table.remove(key);
  }

  /** Writes every secret as `resealed` gives it; see `StoredSecrets`. */
  async reseal(resealed: Resealer, report: ResealReport): Promise<void> {
    const all = this.kind.sealed === undefined ? [] : await this.table.all();
    for (let at = 0; at < all.length; at += BATCH_SIZE) {
      const batch = all.slice(at, at + BATCH_SIZE);
      const changed = await Promise.all(batch.map((one) => this.#resealOne(one, resealed, report)));
      report.add({ lookedAt: batch.length, changed: changed.filter(Boolean).length });
    }
  }

  /** @returns whether it was changed. */
  async #resealOne(read: StoredRecord, resealed: Resealer, report: ResealReport): Promise<boolean> {
    let stored: StoredRecord | null = read;
    return untilNoConflict(async () => {
      if (stored === null) return false;
      const { key, revision, fields } = stored;
      const before = fromFields(this.kind, fields);
      try {
        const after = mapSecrets(this.kind, before, (text, at) =>
          resealed(text, identityOf(this.kind, before, at)),
        );
        if (this.#isSame(before, after)) return false;
        if ((await this.table.write(this.#describe(after), revision)) === 'written') return true;
        stored = await this.table.find(key);
        return CONFLICT;
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        if (this.kind.sealed?.isReplaceable) return this.table.remove(key);
        report.cannotOpen(key, error.keyId);
        return false;
      }
    });
  }

  #requireKeys(stored: readonly StoredRecord[]): void {
    const { name, sealed } = this.kind;
    if (sealed === undefined || sealed.isReplaceable) return;
    const missing = new MissingKeys(
      name,
      `delete the documents of wxkf${name} whose fields.${sealed.at[0]} begins with "sealed v1" and the key's id, and add these ${name} again`,
    );
    for (const { fields } of stored) {
      const error = this.#faultOf(fromFields(this.kind, fields));
      if (error?.isKeyUnknown) missing.add(error.keyId);
    }
    if (!missing.isEmpty) throw missing.toError(this.sealer.hasKeys);
  }

  #faultOf(sealed: T): SealError | null {
    try {
      openSecrets(this.kind, sealed, this.sealer);
      return null;
    } catch (error) {
      if (error instanceof SealError) return error;
      throw error;
    }
  }

  #open(stored: StoredRecord): T {
    const sealed = fromFields(this.kind, stored.fields);
    try {
      const opened = openSecrets(this.kind, sealed, this.sealer);
      this.#closed.delete(stored.key);
      return opened;
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      this.#sayClosed(stored, error);
      return mapSecrets(this.kind, sealed, () => '');
    }
  }

  #sayClosed({ key, fields }: StoredRecord, { keyId, isKeyUnknown }: SealError): void {
    const { name: kind, sealed } = this.kind;
    const known = sealed?.isReplaceable ? keyId : key;
    if (this.#closed.has(known)) return;
    this.#closed.add(known);
    const { corpId = null } = fields as { corpId?: unknown };
    if (sealed?.isReplaceable) {
      const reason = isKeyUnknown
        ? 'SECRETS_KEY does not have this key; give all replicas the same keys'
        : 'the record was changed or moved by someone else; it is made anew';
      this.log.warn({ kind, corpId, keyId, reason }, 'record.cannot_open');
    } else {
      const reason = isKeyUnknown
        ? 'SECRETS_KEY does not have this key; add it, or delete the record and add it again'
        : 'the record was changed or moved by someone else; delete it and add it again';
      this.log.error({ kind, id: key, corpId, keyId, reason }, 'secrets.cannot_open');
    }
  }

  /** @param before the stored record. If its secrets do not open here, they stay. */
  #toStored(record: T, before: StoredRecord | null): NewRecord {
    const sealed = sealSecrets(this.kind, record, this.sealer);
    if (before === null || this.#faultOf(fromFields(this.kind, before.fields)) === null)
      return this.#describe(sealed);
    return this.#describe(
      mapSecrets(this.kind, sealed, (text, at) => (text === '' ? textAt(before.fields, at) : text)),
    );
  }

  /** @param sealed the record, with its secrets as they are to be stored. */
  #describe(sealed: T): NewRecord {
    const { kind } = this;
    return {
      key: kind.keyOf(sealed),
      revision: randomUUID(),
      fields: toFields(kind, sealed),
      uniqueKeys: kind.uniqueKeysOf?.(sealed) ?? [],
      lookupKeys: kind.lookupKeysOf?.(sealed) ?? [],
      expiresAtMs: kind.expiresAtMsOf?.(sealed) ?? null,
    };
  }

  #isSame(one: T, other: T): boolean {
    const textOf = (record: T) => JSON.stringify(toFields(this.kind, record));
    return textOf(one) === textOf(other);
  }
}

/** A record as it was read from a store. */
export interface StoredRecord {
  readonly key: string;
  /** New with every write and never used twice. */
  readonly revision: string;
  /** JSON, its secrets sealed or plain. */
  readonly fields: object;
}

export interface NewRecord extends StoredRecord {
  readonly uniqueKeys: readonly string[];
  readonly lookupKeys: readonly string[];
  /** `null` for one that stays. */
  readonly expiresAtMs: number | null;
}

/** The records of one kind in one store. What `Records` promises of reads and writes is kept here. */
export abstract class RecordTable {
  abstract all(): Promise<readonly StoredRecord[]>;

  /** `null` when nothing was changed since the last `all` or `changes` of this object. */
  abstract changes(): Promise<readonly StoredRecord[] | null>;

  abstract page(afterKey: string, limit: number): Promise<readonly StoredRecord[]>;

  abstract find(key: string): Promise<StoredRecord | null>;

  abstract findBy(lookupKey: string): Promise<readonly StoredRecord[]>;

  abstract lookupCounts(): Promise<ReadonlyMap<string, number>>;

  /**
   * @param before the revision that is to be replaced; `null` for a record that is not there yet.
   * @returns `taken` when another record has one of its unique keys, and `changed` when the revision is another one. Nothing was
   * written then.
   */
  abstract write(record: NewRecord, before: string | null): Promise<'written' | 'changed' | 'taken'>;

  abstract writeAll(records: readonly NewRecord[], removedKeys: readonly string[]): Promise<void>;

  abstract remove(key: string): Promise<boolean>;
}

/** Where records are kept. */
export abstract class RecordStore {
  constructor(
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {}

  /** Whether other processes may write to the same store. */
  abstract readonly isShared: boolean;

  protected abstract table(kind: RecordKind<object>): RecordTable;

  of<T extends object>(kind: RecordKind<T>): Records<T> {
    return new Records(kind, this.table(kind as RecordKind<object>), this.sealer, this.log);
  }
}
