import { pino } from 'pino';
import { Sealer } from '../../src/crypto/sealer.js';
import type { Log } from '../../src/kernel/log.js';
import type { RecordKind } from '../../src/storage/records/record-kind.js';
import {
  type NewRecord,
  RecordStore,
  RecordTable,
  type StoredRecord,
} from '../../src/storage/records/records.js';

class Kept {
  version = 0;
  readonly records = new Map<string, NewRecord>();
}

/** One database; several stores on it stand for several replicas. */
export class RecordData {
  readonly #kinds = new Map<string, Kept>();

  of({ name }: { readonly name: string }): Kept {
    const kept = this.#kinds.get(name) ?? new Kept();
    this.#kinds.set(name, kept);
    return kept;
  }
}

export class MemoryRecords extends RecordStore {
  /** Called before each write, and when a read has its answer, which waits for it. Where it fails, so does the store. */
  meanwhile: (what: 'read' | 'write', kind: string) => Promise<unknown> = async () => {};

  constructor(
    readonly data = new RecordData(),
    override readonly isShared = true,
    sealer = new Sealer([]),
    log: Log = pino({ level: 'silent' }),
  ) {
    super(sealer, log);
  }

  protected override table(kind: RecordKind<object>): RecordTable {
    return new MemoryRecordTable(this.data.of(kind), (what) => this.meanwhile(what, kind.name));
  }
}

class MemoryRecordTable extends RecordTable {
  #seen = -1;

  constructor(
    private readonly kept: Kept,
    private readonly meanwhile: (what: 'read' | 'write') => Promise<unknown>,
  ) {
    super();
  }

  override async all(): Promise<readonly StoredRecord[]> {
    const { version } = this.kept;
    const all = await this.#read(() => true);
    this.#seen = version;
    return all;
  }

  override async changes(): Promise<readonly StoredRecord[] | null> {
    if (this.#seen !== this.kept.version) return this.all();
    await this.meanwhile('read');
    return null;
  }

  override async page(afterKey: string, limit: number): Promise<readonly StoredRecord[]> {
    const following = await this.#read(({ key }) => key > afterKey);
    return following.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit);
  }

  override async find(key: string): Promise<StoredRecord | null> {
    return (await this.#read((one) => one.key === key))[0] ?? null;
  }

  override findBy(lookupKey: string): Promise<readonly StoredRecord[]> {
    return this.#read(({ lookupKeys }) => lookupKeys.includes(lookupKey));
  }

  override async lookupCounts(): Promise<ReadonlyMap<string, number>> {
    await this.meanwhile('read');
    const keys = [...this.kept.records.values()].flatMap(({ lookupKeys }) => lookupKeys);
    return new Map([...Map.groupBy(keys, (key) => key)].map(([key, all]) => [key, all.length]));
  }

  override async write(record: NewRecord, before: string | null): Promise<'written' | 'changed' | 'taken'> {
    await this.meanwhile('write');
    const { records } = this.kept;
    if ((records.get(record.key)?.revision ?? null) !== before) return 'changed';
    const others = [...records.values()].filter(({ key }) => key !== record.key);
    if (others.some(({ uniqueKeys }) => uniqueKeys.some((one) => record.uniqueKeys.includes(one))))
      return 'taken';
    this.#put(record);
    return 'written';
  }

  override async writeAll(records: readonly NewRecord[], removedKeys: readonly string[]): Promise<void> {
    await this.meanwhile('write');
    for (const key of removedKeys) this.#remove(key);
    for (const record of records) this.#put(record);
  }

  override async remove(key: string): Promise<boolean> {
    await this.meanwhile('write');
    return this.#remove(key);
  }

  #put(record: NewRecord): void {
    this.kept.version++;
    this.kept.records.set(record.key, structuredClone(record));
  }

  #remove(key: string): boolean {
    this.kept.version++;
    return this.kept.records.delete(key);
  }

  /** Every reader gets objects of its own, as from a store that parses. */
  async #read(isWanted: (record: NewRecord) => boolean): Promise<StoredRecord[]> {
    const found = structuredClone([...this.kept.records.values()].filter(isWanted));
    await this.meanwhile('read');
    return found;
  }
}
