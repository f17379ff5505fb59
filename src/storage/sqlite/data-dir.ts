/** The folder of the embedded store: its files, for their owner alone, and the lock that keeps a second manager out. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorCodeOf } from '../../kernel/error-code.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import { oldStore } from '../store/old-store.js';
import type { DiskRoom } from '../store/storage-probe.js';
import { type Database, isBusy, isDamage } from './database.js';

/** The schema of `wxkf.db`. Raise it when an earlier version cannot use what this one writes. */
export const SCHEMA_VERSION = 1;

/** The files hold secrets, sealed or not, and the folder may be open to others, as a mount or an existing folder is. */
const FILE_MODE = 0o600;
const RIGHTS_OF_OTHERS = 0o007;
/** SQLite keeps these beside a file: what was committed last, and where that is. */
const COMPANIONS = ['-wal', '-shm'];

/** The store of 2.0.0 and earlier, in LMDB. */
const OLD_STORE = 'store.mdb';

const BYTES_PER_MB = 1_048_576;
/** With less room on its disk the store counts as full. It needs room to write down what bots take. */
const ROOM_BYTES = 16 * BYTES_PER_MB;
/** No new messages are kept with less room: they must not take what hints and registrations need. */
const MESSAGE_ROOM_BYTES = 256 * BYTES_PER_MB;

export class DataDir {
  readonly path: string;
  /** What must last. */
  readonly lastingFile: string;
  /** The delivery log and figures. It is made after the other file, so it shows that there was a store. */
  readonly logFile: string;
  readonly #lockFile: string;
  readonly #copyFile: string;
  #lock: DatabaseSync | null = null;
  /** The inode of the file that was opened. */
  #opened: number | null = null;

  constructor(path: string) {
    this.path = resolve(path);
    this.lastingFile = join(this.path, 'wxkf.db');
    this.logFile = join(this.path, 'log.db');
    this.#lockFile = join(this.path, 'lock.db');
    this.#copyFile = join(this.path, 'wxkf.db.tmp');
  }

  /**
   * Makes the folder and takes it for this process.
   * @throws StorageStartError saying what to do: not writable, in use, or its store is gone.
   */
  acquire(): void {
    this.requireNoOldStore();
    // Secrets are in it, sealed or not.
    this.#using(this.path, () => mkdirSync(this.path, { recursive: true, mode: 0o700 }));
    this.requireWritable();
    this.#takeLock();
    try {
      this.requireNotLost();
      // Left by a process that ended in the middle of `replaceLastingFile`.
      rmSync(this.#copyFile, { force: true });
      this.#using(this.path, () => makeForOwner(this.lastingFile));
      this.#opened = statSync(this.lastingFile).ino;
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Call it when the files are closed. */
  release(): void {
    this.#lock?.close();
    this.#lock = null;
  }

  /** Whether nothing was ever kept here. */
  isNew(): boolean {
    return this.#isEmpty() && !this.#wasUsed();
  }

  /** Changes nothing. @throws StorageStartError where the store's file cannot be read */
  requireReadable(): void {
    const file = this.lastingFile;
    this.#using(file, () => accessSync(file, constants.R_OK));
  }

  /** Changes nothing. @throws StorageStartError where the folder or a file in it cannot be written to */
  requireWritable(): void {
    this.#using(this.path, () => accessSync(this.path, constants.W_OK | constants.R_OK | constants.X_OK));
    for (const file of [this.#lockFile, ...withCompanions(this.lastingFile)]) {
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats === undefined) continue;
      this.#using(file, () => {
        if (!stats.isFile()) throw new Error('it is no file');
        accessSync(file, constants.W_OK | constants.R_OK);
      });
    }
  }

  /** Otherwise its store would count as a new one. @throws StorageStartError, also where the folder cannot be looked into */
  requireNoOldStore(): void {
    const old = join(this.path, OLD_STORE);
    if (this.#using(this.path, () => statSync(old, { throwIfNoEntry: false })) === undefined) return;
    throw oldStore(
      `DATA_DIR ${this.path} has the store`,
      OLD_STORE,
      `set DATA_DIR to an empty folder (or, if nothing of the old store is needed, move ${OLD_STORE} away)`,
    );
  }

  /** Otherwise a store whose file was lost would count as a new one. @throws StorageStartError */
  requireNotLost(): void {
    if (this.#isEmpty() && this.#wasUsed()) throw this.damaged('wxkf.db is empty or missing');
  }

  /** @throws Error while the file that was opened is not in the folder any more: what is written to it now is lost. */
  requireInPlace(): void {
    if (statSync(this.lastingFile).ino !== this.#opened) throw new Error('wxkf.db is another file now');
  }

  makeLogFile(): void {
    makeForOwner(this.logFile);
  }

  /** Renames the log file, and replaces one that was set aside before. @returns its new path. */
  setLogAside(): string {
    const aside = `${this.logFile}.damaged`;
    renameSync(this.logFile, aside);
    for (const companion of COMPANIONS) rmSync(this.logFile + companion, { force: true });
    return aside;
  }

  /** How many bytes this process may still write. */
  get freeBytes(): number {
    return freeBytesOf(this.path);
  }

  room(): DiskRoom {
    const free = this.freeBytes;
    if (free < ROOM_BYTES) return 'full';
    return free < MESSAGE_ROOM_BYTES ? 'low' : 'enough';
  }

  /**
   * @param folder where a copy of the store is to be written. The copy is at most as large as the store.
   * @param what names this place to a person.
   * @throws StorageStartError
   */
  requireRoomForCopy(folder = this.path, what = `DATA_DIR ${this.path}`): void {
    const bytes = sizeOf(this.lastingFile) + sizeOf(`${this.lastingFile}-wal`) + ROOM_BYTES;
    if (hasRoom(folder, bytes)) return;
    const neededMb = Math.ceil(bytes / BYTES_PER_MB);
    throw new StorageStartError(
      `the disk of ${what} has no room for a copy of the store; free ${neededMb} MB`,
    );
  }

  /**
   * Replaces the file of the store by a copy. If the process dies meanwhile, the old file or the new one is there, whole.
   * @param copyTo writes the copy into an empty file.
   * @param close closes the store, in which nothing was written since the copy.
   */
  async replaceLastingFile(
    copyTo: (file: string) => Promise<void>,
    close: () => Promise<void>,
  ): Promise<void> {
    rmSync(this.#copyFile, { force: true });
    makeForOwner(this.#copyFile);
    chmodSync(this.#copyFile, statSync(this.lastingFile).mode & 0o777);
    await copyTo(this.#copyFile);
    flush(this.#copyFile, 'r+');
    await close();
    // The last process that uses the file removes its companions. Beside another file they would spoil that file.
    if (COMPANIONS.some((companion) => existsSync(this.lastingFile + companion))) {
      rmSync(this.#copyFile);
      throw new StorageStartError(
        `another process reads the store in DATA_DIR ${this.path}, perhaps a check or a backup; let it end, and repeat this`,
      );
    }
    renameSync(this.#copyFile, this.lastingFile);
    flushNamesIn(this.path);
  }

  /** @throws StorageStartError where the store is of a later version, DatabaseError where it cannot be read */
  async requireKnownSchema(database: Database): Promise<void> {
    const [{ user_version: version = 0 } = {}] = await database.rows<{ user_version?: number }>(
      'PRAGMA user_version',
    );
    if (version <= SCHEMA_VERSION) return;
    throw new StorageStartError(
      `DATA_DIR ${this.path} was written by a later version (schema ${version}, this one knows ${SCHEMA_VERSION}); start that version, or choose another folder`,
    );
  }

  /** What to do about a store that cannot be read. */
  damaged(reason: string): StorageStartError {
    return new StorageStartError(
      `the store in DATA_DIR ${this.path} is damaged (${reason}); put a backup back, or move the folder away to start empty (puppets then have to register again)`,
    );
  }

  /** Turns an error at the opening into words for a person. */
  toStartError(error: unknown): StorageStartError {
    if (error instanceof StorageStartError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    if (isDamage(error)) return this.damaged(reason);
    return new StorageStartError(
      `the store in DATA_DIR ${this.path} cannot be opened (${reason}); look whether the disk has room and is in order, or set MONGO_URI`,
      error,
    );
  }

  #isEmpty(): boolean {
    return sizeOf(this.lastingFile) === 0;
  }

  #wasUsed(): boolean {
    return existsSync(this.logFile) || sizeOf(`${this.lastingFile}-wal`) > 0;
  }

  #using<T>(file: string, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      const which = file === this.path ? 'it' : file;
      throw new StorageStartError(`DATA_DIR ${this.path} cannot be used: ${faultOf(which, cause)}`, cause);
    }
  }

  /**
   * Locks a file of its own, so that others can read the store. SQLite takes a lock of the kernel: it ends with the process,
   * however the process dies, and it works between containers, where a process id means nothing.
   */
  #takeLock(): void {
    try {
      makeForOwner(this.#lockFile);
      this.#lock = new DatabaseSync(this.#lockFile);
      this.#lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (cause) {
      this.release();
      throw new StorageStartError(
        isBusy(cause)
          ? `DATA_DIR ${this.path} is in use by another process, perhaps in another container; stop that one, choose another folder, or set MONGO_URI to run several`
          : `DATA_DIR ${this.path} cannot be locked (${String(cause)}); choose a folder on a local disk, or set MONGO_URI`,
        cause,
      );
    }
  }
}

/** @returns what is wrong with a file or folder, and the remedy. */
export function faultOf(which: string, cause: unknown): string {
  const code = errorCodeOf(cause);
  if (code === 'EACCES' || code === 'EPERM')
    return `${thisUser()} has no right to ${which} (${code}); run this as the user that the folder belongs to, choose another folder, or set MONGO_URI`;
  return `${which} cannot be written to (${code || String(cause)}); give this process's user a folder that it may write to and that has room, or set MONGO_URI`;
}

/** A container may run as a user without a name. */
function thisUser(): string {
  const uid = process.getuid?.();
  try {
    return uid === undefined ? `user ${userInfo().username}` : `user ${userInfo().username} (uid ${uid})`;
  } catch {
    return `uid ${uid}`;
  }
}

const withCompanions = (file: string): string[] => [file, ...COMPANIONS.map((one) => file + one)];

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Whether the disk of a folder that is there has so much room. */
export function hasRoom(folder: string, bytes = ROOM_BYTES): boolean {
  return freeBytesOf(folder) >= bytes;
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/**
 * Makes a file for its owner alone. An existing file keeps its content and is not opened: closing it would end this process's
 * locks on it. SQLite gives the companions of a file the same rights.
 */
export function makeForOwner(file: string): void {
  if (existsSync(file)) closeToOthers(file);
  else closeSync(openSync(file, 'a', FILE_MODE));
}

/** Rights of others were not given on purpose, they come from `cp` and the like. Rights of a group were, and they stay. */
function closeToOthers(file: string): void {
  if ((statSync(file).mode & RIGHTS_OF_OTHERS) === 0) return;
  try {
    chmodSync(file, FILE_MODE);
  } catch {
    // The file belongs to another user, who alone may change its rights. It is used all the same.
  }
}

/** Puts a file, or the names in a folder, on the disk. */
export function flush(path: string, flags: 'r' | 'r+'): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Windows cannot open a folder. */
export function flushNamesIn(folder: string): void {
  if (process.platform !== 'win32') flush(folder, 'r');
}
