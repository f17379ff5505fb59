import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectConnection, InjectModel } from '@nestjs/mongoose';
import {
  type Collection,
  type Connection,
  type ConnectOptions,
  type Model,
  type mongo,
  STATES,
} from 'mongoose';
import { StorageProbe } from '../store/storage-probe.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { errorCodeOf } from '../../kernel/error-code.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { Secret } from '../../kernel/secret.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import { Metrics } from '../../metrics/metrics.js';
import type { RecordKind } from '../records/record-kind.js';
import type { JournalName } from '../journal/journal.js';
import { oldStore } from '../store/old-store.js';
import { storageConfig } from '../store/storage.config.js';
import { STORE_CONTENTS, type StoreContents } from '../store/store-contents.js';
import { StoreMetrics } from '../store/store-metrics.js';
import { MongoStoreClock } from './mongo-store-clock.js';
import { PuppetRecord } from './puppet.schema.js';
import { strictUri } from './strict-uri.js';
import { setDuplicatesAside, tellUnreadable } from './takeover.js';

/** The database operations, as named in the metric and in errors. */
const OPERATIONS = [
  'hello',
  'ping',
  'load puppets',
  'find puppet',
  'list puppets',
  'change puppet',
  'forget puppet',
  'read changes',
  'find line',
  'insert line',
  'replace line',
  'remove line',
  'list claimable lines',
  'find line to probe',
  'make lines due',
  'list endpoints',
  'list lines',
  'count lines',
  'group lines',
  'add messages',
  'list first messages',
  'change message',
  'forget messages',
  'list messages',
  'count messages',
  'sweep messages',
  'set record aside',
  'count',
  'load records',
  'find records',
  'write record',
  'remove record',
  'rewrite secrets',
  'append audit',
  'read audit',
  'measure audit',
  'sweep audit',
  'append deliveries',
  'read deliveries',
  'measure deliveries',
  'sweep deliveries',
  'append figures',
  'read figures',
  'measure figures',
  'sweep figures',
] as const;
export type Operation = (typeof OPERATIONS)[number];

interface IndexOptions {
  readonly unique?: boolean;
  readonly sparse?: boolean;
  readonly expireAfterSeconds?: number;
}
export type Index = readonly [keys: Readonly<Record<string, 1>>, options?: IndexOptions];

/** 2.0.0 wrote 1: apps, bots and what waits had another form. */
const SCHEMA_VERSION = 2;
/** Holds the version of the schema, and for each kind of polled records how often it has changed. */
export const META = 'wxkfmeta';
/** What `Counters` count. */
export const COUNTS = 'wxkfcounts';
export type MetaDocument = { readonly _id: string; readonly version: number };
/** For a read, since callbacks or the refresh may wait for it. */
export const READ_LIMIT_MS = 2_000;
const PREPARE_LIMIT_MS = 60_000;

/** Error codes of MongoDB: a unique index was violated; an index of that name exists with other options. */
const DUPLICATE_KEY = '11000';
const INDEX_CONFLICTS = new Set(['85', '86']);

export const CONNECT_OPTIONS: ConnectOptions = {
  appName: 'wxkf-manager',
  autoCreate: false,
  autoIndex: false,
  bufferCommands: false,
  serverSelectionTimeoutMS: READ_LIMIT_MS,
  connectTimeoutMS: READ_LIMIT_MS,
  socketTimeoutMS: 10_000,
  heartbeatFrequencyMS: 2_000,
  writeConcern: { w: 'majority', journal: true },
};

/**
 * The connection, and the database, which is made ready once. That may be long after the start, since the manager waits for a
 * database that is down. A read has a deadline. An operation that fails is `STORE_UNAVAILABLE`.
 */
@Injectable()
export class MongoStore extends StorageProbe {
  override readonly kind = 'mongodb';
  readonly #uri: Secret;
  readonly #metrics: StoreMetrics<Operation>;
  /** The indexes of collections, by the name of the collection. */
  readonly #indexes = new Map<string, readonly Index[]>();
  #ready: Promise<void> | null = null;
  #hasConnected = false;

  constructor(
    @Inject(storageConfig.KEY) { mongoUri }: ConfigType<typeof storageConfig>,
    @Inject(STORE_CONTENTS) private readonly contents: StoreContents,
    @InjectConnection() private readonly connection: Connection,
    @InjectModel(PuppetRecord.name) private readonly puppets: Model<PuppetRecord>,
    private readonly clock: Clock,
    private readonly storeClock: MongoStoreClock,
    @Inject(LOG) private readonly log: Log,
    metrics: Metrics,
  ) {
    super();
    this.#metrics = new StoreMetrics('mongodb', OPERATIONS, metrics);
    if (mongoUri === undefined) throw new Error('the MongoDB storage needs MONGO_URI');
    this.#uri = strictUri(mongoUri);
    // Without a listener an outage would end the process. The caller of the operation gets the error.
    connection.on('error', (err) => this.log.debug({ err }, 'mongo.connection_failed'));
  }

  /**
   * Runs one operation on a database that is ready.
   * @param limitMs `null` for a write: only the driver can say whether it happened.
   * @throws AppError `STORE_UNAVAILABLE`; a write may have happened or not.
   */
  run<T>(what: Operation, operation: () => Promise<T>, limitMs: number | null = READ_LIMIT_MS): Promise<T> {
    return this.#metrics.measured(what, this.#run(what, operation, limitMs));
  }

  async #run<T>(what: Operation, operation: () => Promise<T>, limitMs: number | null): Promise<T> {
    try {
      const work = this.#whenReady().then(operation);
      return await (limitMs === null ? work : withinDeadline(limitMs, what, work));
    } catch (cause) {
      if (cause instanceof AppError || cause instanceof StorageStartError) throw cause;
      throw new AppError('STORE_UNAVAILABLE', { cause, internal: { what } });
    }
  }

  /** A collection that is used without mongoose's schemas. @param indexes are made when the database is made ready. */
  collection<T extends mongo.Document>(name: string, indexes: readonly Index[] = []): Collection<T> {
    if (indexes.length > 0) this.#indexes.set(name, indexes);
    return this.connection.collection<T>(name);
  }

  /** Bytes and documents of a collection; to be called inside of `run`. */
  async measure(collection: string): Promise<{ readonly size: number; readonly count: number }> {
    const stats = await this.connection.db?.command({ collStats: collection });
    return { size: Number(stats?.size ?? 0), count: Number(stats?.count ?? 0) };
  }

  /** The database server's clock, epoch milliseconds: replicas' own may differ. */
  async serverNowMs(): Promise<number> {
    return this.run('hello', () => this.#askTime());
  }

  override async check(): Promise<void> {
    await this.run('ping', async () => this.connection.db?.command({ ping: 1 }));
  }

  /** Makes the database ready, once for all operations. After a failure the next operation tries again. */
  #whenReady(): Promise<void> {
    this.#ready ??= this.#prepare().catch((error) => {
      this.#ready = null;
      throw error;
    });
    return this.#ready;
  }

  async #prepare(): Promise<void> {
    await this.#connect();
    await this.#askTime();
    await withinDeadline(PREPARE_LIMIT_MS, 'prepare', this.#prepareCollections());
  }

  /** mongoose tries the first connection only once. Later the driver itself connects again. */
  async #connect(): Promise<void> {
    if (this.#hasConnected) return;
    const { connection } = this;
    if (connection.readyState === STATES.disconnected) {
      await connection.openUri(this.#uri.reveal(), { ...CONNECT_OPTIONS });
    } else {
      await connection.asPromise();
    }
    this.#hasConnected = true;
  }

  async #askTime(): Promise<number> {
    const askedMs = this.clock.elapsedMs();
    const reply = await this.connection.db?.command({ hello: 1 });
    const serverMs = new Date(reply?.localTime).getTime();
    this.storeClock.set(serverMs, askedMs);
    return serverMs;
  }

  async #prepareCollections(): Promise<void> {
    await this.#checkSchemaVersion();
    const { collection: puppets } = this.puppets;
    await setDuplicatesAside(puppets, this.log);
    await tellUnreadable(puppets, this.log);
    await this.#createIndex(puppets, { kfOpenId: 1 }, { unique: true });
    await this.#createIndex(puppets, { corpId: 1 });
    await this.#createIndex(puppets, { updatedAt: 1, _id: 1 });
    for (const [name, indexes] of this.#indexes)
      for (const [keys, options] of indexes) await this.#createIndex(this.collection(name), keys, options);
    for (const kind of this.contents.records) await this.#prepareRecords(kind);
    await this.#createIndex(this.collection(COUNTS), { keptUntil: 1 }, { expireAfterSeconds: 0 });
    for (const { name, fields } of this.contents.journals) {
      const journal = this.collection(journalCollection(name));
      await this.#createIndex(journal, { keptUntil: 1 }, { expireAfterSeconds: 0 });
      for (const field of fields) await this.#createIndex(journal, { [field]: 1, _id: 1 });
    }
  }

  async #prepareRecords(kind: RecordKind<object>): Promise<void> {
    const records = this.collection(collectionOf(kind));
    if (kind.uniqueKeysOf !== undefined)
      await this.#createIndex(records, { uniqueKeys: 1 }, { unique: true, sparse: true });
    if (kind.lookupKeysOf !== undefined) await this.#createIndex(records, { lookupKeys: 1 });
    if (kind.expiresAtMsOf !== undefined)
      await this.#createIndex(records, { expiresAt: 1 }, { expireAfterSeconds: 0 });
  }

  async #checkSchemaVersion(): Promise<void> {
    const meta = this.connection.collection<MetaDocument>(META);
    const found = await meta.findOne({ _id: 'schema' });
    requireKnownSchema(found);
    if (this.connection.db !== undefined) await requireNoOldCollections(this.connection.db);
    await meta.updateOne({ _id: 'schema' }, { $set: { version: SCHEMA_VERSION } }, { upsert: true });
  }

  async #createIndex(collection: Collection, keys: Index[0], options: IndexOptions = {}): Promise<void> {
    try {
      await collection.createIndex(keys, options);
    } catch (err) {
      if (!INDEX_CONFLICTS.has(errorCodeOf(err))) throw err;
      const { collectionName } = collection;
      const reason =
        'an index of this name exists with other options; drop it, and the next start makes the right one';
      this.log.warn(
        { collection: collectionName, keys: Object.keys(keys), reason, err },
        'mongo.index_differs',
      );
    }
  }
}

/** @throws StorageStartError for a database of a later version. */
export function requireKnownSchema(found: MetaDocument | null): void {
  if (found === null || found.version <= SCHEMA_VERSION) return;
  throw new StorageStartError(
    `the database of MONGO_URI was written by a later version (schema ${found.version}, this one knows ${SCHEMA_VERSION}); start that version, or name another database`,
  );
}

/** Collections of 2.0.0 and earlier. Those versions made the first one at each start. */
const OLD_COLLECTIONS = ['hints', 'resyncs', 'calls', 'messageaccounts'].map((name) => `wxkf${name}`);

/** Otherwise what is in them, and in collections that had another form, would be left out. @throws StorageStartError */
export async function requireNoOldCollections(db: mongo.Db): Promise<void> {
  const all = await db.listCollections({}, { nameOnly: true, authorizedCollections: true }).toArray();
  const found = OLD_COLLECTIONS.filter((old) => all.some(({ name }) => name === old));
  if (found.length === 0) return;
  throw oldStore(
    'the database of MONGO_URI has collections',
    found.join(', '),
    'name a new database in MONGO_URI',
  );
}

/** The collection of a kind of records. */
export function collectionOf({ name }: RecordKind<object>): string {
  return `wxkf${name}`;
}

/** Whether a unique index refused the write. */
export function isDuplicateKey(error: unknown): boolean {
  return errorCodeOf(error) === DUPLICATE_KEY;
}

export function journalCollection(name: JournalName): string {
  return `wxkf${name}`;
}
