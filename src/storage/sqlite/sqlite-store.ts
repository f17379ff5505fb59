import { statfs } from 'node:fs/promises';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AppError } from '../../kernel/app-error.js';
import { withinDeadline } from '../../kernel/deadline.js';
import type { Log } from '../../kernel/log.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import type { storageConfig } from '../store/storage.config.js';
import { type DiskRoom, StorageProbe } from '../store/storage-probe.js';
import { Metrics } from '../../metrics/metrics.js';
import { StoreMetrics } from '../store/store-metrics.js';
import { DataDir, SCHEMA_VERSION } from './data-dir.js';
import { Database, isDamage, type Statement, type Value } from './database.js';
import type { StatementResult } from './database-worker.js';
import { oldSqlite, SQLITE_VERSION_MIN } from './sqlite-version.js';
import { lastingTables, logTables, missingColumns } from './tables.js';
import type { StoreContents } from '../store/store-contents.js';

/** The kinds of steps, as named in the metric. */
export const STEPS = [
  'append audit',
  'count',
  'change puppet',
  'forget puppet',
  'lapse leases',
  'insert line',
  'change line',
  'remove line',
  'set line aside',
  'make lines due',
  'write record',
  'remove record',
  'sweep records',
  'keep messages',
  'change message',
  'forget messages',
  'make messages due',
  'sweep messages',
  'set message aside',
  'rewrite secrets',
  'sweep audit',
  'append deliveries',
  'sweep deliveries',
  'append figures',
  'sweep figures',
] as const;
export type SqliteStep = (typeof STEPS)[number];

/** The file of the write-ahead log shrinks to this size after it had to grow, as it does while a copy is made. */
const WAL_BYTES = 16 * 1_024 * 1_024;
const OPENING = ['PRAGMA journal_mode = WAL', `PRAGMA journal_size_limit = ${WAL_BYTES}`];
const LASTING_OPENING = [
  ...OPENING,
  'PRAGMA synchronous = FULL',
  // A secret that is replaced leaves nothing behind in the place where it was.
  'PRAGMA secure_delete = ON',
];
/** The many accounts of one batch have many places in the indexes. With SQLite's 2 MB a record costs a quarter more CPU. */
const LOG_CACHE_KB = 16_384;
/**
 * How many pages of the write-ahead log are gathered before they go to the file. The same pages of the indexes change again and
 * again: with SQLite's 1,000 a record costs an eighth more CPU.
 */
const LOG_CHECKPOINT_PAGES = 4_000;
const LOG_OPENING = [
  // It comes first, since it has an effect only on an empty file.
  'PRAGMA auto_vacuum = INCREMENTAL',
  ...OPENING,
  'PRAGMA synchronous = OFF',
  `PRAGMA cache_size = -${LOG_CACHE_KB}`,
  `PRAGMA wal_autocheckpoint = ${LOG_CHECKPOINT_PAGES}`,
];
const MARK_VERSION = { sql: `PRAGMA user_version = ${SCHEMA_VERSION}` };

/** While less of the disk is free, the log does not grow. */
const FREE_SHARE_MIN = 0.1;
const CHECK_LIMIT_MS = 2_000;

/** The two files in `DATA_DIR`, owned by this process alone. */
export class SqliteStore extends StorageProbe implements OnApplicationShutdown {
  override readonly kind = 'embedded';
  /** Set when a damaged page was found. Only a start with a good file ends this state. */
  #damage: StorageStartError | null = null;
  /** As it was last found to be. */
  #room: DiskRoom = 'enough';
  /** `log.db`; replaced where it was damaged. */
  #journal: Promise<Database>;

  /** @throws StorageStartError */
  static async open(
    { dataDir }: Pick<ConfigType<typeof storageConfig>, 'dataDir'>,
    contents: StoreContents,
    metrics = new StoreMetrics('embedded', STEPS, new Metrics()),
    log?: Log,
  ): Promise<SqliteStore> {
    const sqlite = oldSqlite();
    if (sqlite !== null && log !== undefined)
      log.warn({ sqlite, sqliteMin: SQLITE_VERSION_MIN }, 'store.sqlite_old');
    const folder = new DataDir(dataDir);
    folder.acquire();
    try {
      const lasting = await openLasting(folder, contents);
      const journal = openLog(folder, contents, log);
      // If the log cannot be opened, all else goes on, and the next use of the log tries again.
      await journal.catch((err) => {
        if (log !== undefined) log.warn({ file: folder.logFile, err }, 'store.log_cannot_open');
      });
      return new SqliteStore(folder, contents, lasting, journal, metrics, log);
    } catch (error) {
      folder.release();
      throw folder.toStartError(error);
    }
  }

  private constructor(
    private readonly folder: DataDir,
    private readonly contents: StoreContents,
    private readonly lasting: Database,
    journal: Promise<Database>,
    private readonly metrics: StoreMetrics<SqliteStep>,
    private readonly log: Log | undefined,
  ) {
    super();
    this.#journal = journal;
  }

  /**
   * One step on what must last: all of its statements or none. It is on the disk when this resolves.
   * @returns one result for each statement; `null` when one did not change as many rows as it had to, and nothing happened.
   * @throws AppError `STORE_UNAVAILABLE`; it may have happened or not.
   */
  step(what: SqliteStep, ...statements: readonly Statement[]): Promise<readonly StatementResult[] | null> {
    return this.metrics.measured(what, this.#lastingly(what, this.lasting.run(statements)));
  }

  /** Reads what must last. @throws AppError `STORE_UNAVAILABLE` */
  rows<T>(sql: string, ...values: readonly Value[]): Promise<readonly T[]> {
    return this.#lastingly('read', this.lasting.rows<T>(sql, ...values));
  }

  /** As `step`, of what may be lost with the machine. */
  logStep(what: SqliteStep, ...statements: readonly Statement[]): Promise<readonly StatementResult[] | null> {
    return this.metrics.measured(
      what,
      this.#inLog(what, (journal) => journal.run(statements)),
    );
  }

  /** Reads what may be lost with the machine. @throws AppError `STORE_UNAVAILABLE` */
  logRows<T>(sql: string, ...values: readonly Value[]): Promise<readonly T[]> {
    return this.#inLog('read log', (journal) => journal.rows<T>(sql, ...values));
  }

  /** Says so in the log when it changes. @throws Error where the folder is gone */
  override room(): DiskRoom {
    const room = this.folder.room();
    if (room === this.#room) return room;
    this.#room = room;
    if (this.log !== undefined) sayRoom(this.log, room, this.folder);
    return room;
  }

  /** @throws AppError `STORE_UNAVAILABLE` while the disk is too full to write what a bot takes. */
  requireWritable(): void {
    if (this.room() === 'full') throw unavailable('room', new Error('the disk of DATA_DIR is full'));
  }

  /** @throws AppError `STORE_UNAVAILABLE` while the disk is too full for new messages. */
  requireRoomForMessages(): void {
    if (this.room() !== 'enough')
      throw unavailable('room for messages', new Error('the disk of DATA_DIR is nearly full'));
  }

  /** Other things need the disk more than the log. @throws AppError `STORE_UNAVAILABLE` */
  async requireRoomForLog(): Promise<void> {
    const { bavail, blocks } = await statfs(this.folder.path).catch((cause) => {
      throw unavailable('room for log', cause);
    });
    if (bavail < blocks * FREE_SHARE_MIN)
      throw unavailable('room for log', new Error('too little of the disk is free'));
  }

  /** Writes to the disk, to find out whether it is full or fails. */
  override async check(): Promise<void> {
    if (this.#damage !== null) throw this.#damage;
    this.folder.requireInPlace();
    this.requireWritable();
    const write = this.#lastingly('check', this.lasting.run([MARK_VERSION]));
    await withinDeadline(CHECK_LIMIT_MS, 'check', write);
  }

  /** @throws StorageStartError where `closeCompacted` would have no room. */
  requireRoomForCopy(): void {
    this.folder.requireRoomForCopy();
  }

  /**
   * Closes the store, and leaves a file without traces of what was deleted or replaced. A copy takes the place of the file in one
   * step.
   * @throws AppError `STORE_UNAVAILABLE`, StorageStartError
   */
  async closeCompacted(): Promise<void> {
    await this.folder.replaceLastingFile(
      async (copy) => {
        await this.#lastingly('compact', this.lasting.runAlone('VACUUM INTO ?', copy));
      },
      () => this.lasting.close(),
    );
    await this.onApplicationShutdown();
  }

  async onApplicationShutdown(): Promise<void> {
    const journal = await this.#journal.catch(() => null);
    await Promise.all([this.lasting.close(), journal?.close()]);
    this.folder.release();
  }

  async #lastingly<T>(what: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (cause) {
      if (!isDamage(cause)) throw unavailable(what, cause);
      const damage = this.folder.damaged((cause as Error).message);
      if (this.#damage === null && this.log !== undefined)
        this.log.error({ reason: damage.message }, 'store.damaged');
      this.#damage ??= damage;
      throw unavailable(what, damage);
    }
  }

  async #inLog<T>(what: string, work: (journal: Database) => Promise<T>): Promise<T> {
    const opened = this.#journal;
    try {
      return await work(await opened);
    } catch (cause) {
      await this.#mendLog(opened, cause);
      throw unavailable(what, cause);
    }
  }

  /** Goes on with an empty file if a page is damaged, as after a power failure. If that fails too, the next call tries again. */
  async #mendLog(opened: Promise<Database>, cause: unknown): Promise<void> {
    const journal = await opened.catch(() => null);
    const canStay = journal !== null && !isDamage(cause);
    if (canStay || this.#journal !== opened) return;
    this.#journal = this.#reopenLog(journal, cause);
    this.#journal.catch(() => {});
  }

  async #reopenLog(damaged: Database | null, cause: unknown): Promise<Database> {
    await damaged?.close();
    if (damaged !== null) setLogAside(this.folder, this.log, cause);
    return openLog(this.folder, this.contents, this.log);
  }
}

async function openLasting(folder: DataDir, contents: StoreContents): Promise<Database> {
  const database = await Database.open(folder.lastingFile, LASTING_OPENING);
  try {
    await folder.requireKnownSchema(database);
    await database.run([...lastingTables(contents).map((sql) => ({ sql })), MARK_VERSION]);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openLog(folder: DataDir, contents: StoreContents, log?: Log): Promise<Database> {
  folder.makeLogFile();
  try {
    return await openLogFile(folder, contents);
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    setLogAside(folder, log, cause);
    folder.makeLogFile();
    return openLogFile(folder, contents);
  }
}

/** A file of an earlier version gets the columns that it lacks. */
async function openLogFile(folder: DataDir, contents: StoreContents): Promise<Database> {
  const database = await Database.open(folder.logFile, [...LOG_OPENING, ...logTables(contents)]);
  try {
    for (const table of contents.journals.filter(({ isLasting }) => !isLasting)) {
      const known = await database.rows<{ name: string }>(
        'SELECT name FROM pragma_table_info(?)',
        table.name,
      );
      const missing = missingColumns(table, new Set(known.map(({ name }) => name)));
      await database.run(missing.map((sql) => ({ sql })));
    }
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function setLogAside(folder: DataDir, log: Log | undefined, err: unknown): void {
  const file = folder.setLogAside();
  if (log !== undefined) log.warn({ file, err }, 'store.log_set_aside');
}

function unavailable(what: string, cause: unknown): AppError {
  return new AppError('STORE_UNAVAILABLE', { cause, internal: { what } });
}

function sayRoom(log: Log, room: DiskRoom, { path: dataDir, freeBytes }: DataDir): void {
  if (room === 'enough') log.info({ dataDir, freeBytes }, 'store.disk_has_room');
  else if (room === 'low') log.warn({ dataDir, freeBytes }, 'store.disk_low');
  else log.warn({ dataDir, freeBytes }, 'store.disk_full');
}
