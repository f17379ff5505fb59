import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { type Database, open, type RootDatabase } from 'lmdb';
import { StorageProbe } from '../storage-probe.js';
import { AppError } from '../../kernel/app-error.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import type { storageConfig } from '../storage.config.js';
import { StoreMetrics } from '../store-metrics.js';
import { DataDir } from './data-dir.js';
import { CACHES, DATABASE_NAMES, DATABASES, type DatabaseName, MAX_DATABASES, readAll } from './databases.js';

/** The kinds of writes, as named in the metric. */
export const WRITES = [
  'save access token',
  'remove access tokens',
  'change app',
  'remove app',
  'change bot',
  'remove bot',
  'change operator',
  'remove operator',
  'end session',
  'append audit',
  'write notifications',
  'rewrite secrets',
  'add figures',
] as const;
export type Write = (typeof WRITES)[number];

/** The LMDB environment in `DATA_DIR`, owned by this process alone. */
@Injectable()
export class EmbeddedStore extends StorageProbe implements OnApplicationShutdown {
  override readonly kind = 'embedded';
  readonly #dataDir: DataDir;
  readonly #metrics: StoreMetrics<Write>;
  readonly #root: RootDatabase;
  #isClosed = false;
  readonly #databases = new Map<DatabaseName, Database<unknown, string>>();

  /** @throws StorageStartError */
  static async open(
    { dataDir }: Pick<ConfigType<typeof storageConfig>, 'dataDir'>,
    metrics = new StoreMetrics('embedded', WRITES),
    tell?: (records: number) => void,
  ): Promise<EmbeddedStore> {
    const folder = new DataDir(dataDir);
    await folder.acquire(tell);
    try {
      return new EmbeddedStore(folder, metrics);
    } catch (cause) {
      if (cause instanceof StorageStartError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StorageStartError(
        `the store in DATA_DIR ${dataDir} cannot be opened (${reason}); look whether the disk has room and is in order, or set MONGO_URI`,
        cause,
      );
    }
  }

  private constructor(dataDir: DataDir, metrics: StoreMetrics<Write>) {
    super();
    this.#metrics = metrics;
    this.#dataDir = dataDir;
    this.#root = open({
      path: this.#dataDir.dataFile,
      noSubdir: true,
      maxDbs: MAX_DATABASES,
      // A put is answered only when it is on the disk.
      overlappingSync: false,
      // Batching keeps a promise that nobody can catch, so a full disk would end the process.
      eventTurnBatching: false,
    });
    for (const name of DATABASE_NAMES) this.#databases.set(name, this.#openDatabase(name));
    this.#dataDir.markOpen([...this.#databases.keys()]);
  }

  database<V>(name: DatabaseName): Database<V, string> {
    return this.#databases.get(name) as Database<V, string>;
  }

  /** LMDB would make one anew whose name it does not find, as if nothing had ever been in it. */
  #openDatabase(name: DatabaseName): Database<unknown, string> {
    const isMade = this.#dataDir.hasMade(name) && !CACHES.has(name);
    // `create` is missing in lmdb's types.
    const options = { name, create: !isMade, encoding: DATABASES[name] };
    let database: Database<unknown, string> | undefined;
    try {
      database = this.#root.openDB<unknown, string>(options);
    } catch (cause) {
      if (!isMade) throw cause;
      throw this.#dataDir.damaged(cause instanceof Error ? cause.message : String(cause));
    }
    if (database === undefined) throw this.#dataDir.damaged(`its ${name} are missing`);
    return database;
  }

  /** Every record. @throws StorageStartError where the store turns out to be damaged. */
  *readAll<V>(database: Database<V, string>): Generator<{ key: string; value: V }> {
    try {
      yield* readAll(database);
    } catch (cause) {
      throw this.#dataDir.damaged(cause instanceof Error ? cause.message : String(cause));
    }
  }

  /**
   * Call it before any read or write that may come after the store was closed: LMDB then ends the process at a
   * write, by an error that cannot be caught.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  requireOpen(): void {
    if (this.#isClosed)
      throw new AppError('STORE_UNAVAILABLE', { internal: { what: 'embedded store closed' } });
  }

  /**
   * Writes, and waits until it is on the disk, or is known not to be.
   * @throws AppError `STORE_UNAVAILABLE`; it may have been written or not.
   */
  durably(name: Write, write: () => Promise<boolean>): Promise<void> {
    return this.#metrics.measured(name, this.#durably(write));
  }

  async #durably(write: () => Promise<boolean>): Promise<void> {
    this.requireOpen();
    try {
      this.#requireRoom();
      await write();
    } catch (cause) {
      // The same failure on a second promise, which would end the process if nobody caught it.
      if (hasCommitError(cause)) cause.commitError.catch(() => {});
      throw new AppError('STORE_UNAVAILABLE', { cause, internal: { what: 'embedded write' } });
    }
  }

  #requireRoom(): void {
    if (!this.#dataDir.hasRoom()) throw new Error('the disk of DATA_DIR is full');
  }

  override async check(): Promise<void> {
    this.#root.getStats();
    this.#requireRoom();
  }

  /** @throws StorageStartError where `closeCompacted` would have no room. */
  requireRoomForCopy(): void {
    this.#dataDir.requireRoomForCopy();
  }

  /**
   * Closes the store with a file that holds nothing but what is in it now: of a page that LMDB freed, the
   * bytes stay until it needs the page. A copy takes the place of the file in one step.
   */
  async closeCompacted(): Promise<void> {
    this.requireOpen();
    this.#isClosed = true;
    await this.#dataDir.replaceDataFile(
      (copy) => this.#root.backup(copy, true),
      () => this.#root.close(),
    );
    this.#dataDir.release();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#root.close();
    this.#dataDir.release();
  }
}

function hasCommitError(error: unknown): error is { commitError: Promise<unknown> } {
  return error instanceof Error && 'commitError' in error && error.commitError instanceof Promise;
}
