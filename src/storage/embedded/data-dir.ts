/**
 * The folder of the embedded store, guarded by what LMDB does not guard by itself: it lets a second
 * process in, takes an empty file for an empty store without a word, and ends the process by a signal
 * when it meets a damaged page.
 */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorCodeOf } from '../../kernel/error-code.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import { FIRST_DATABASES } from './databases.js';
import { findFaultOf } from './find-fault.js';

const SCHEMA_VERSION = 1;
/** Secrets are in the files, sealed or not, and the folder may be open to others: a mount, or one that was there before. */
const FILE_MODE = 0o600;
const RIGHTS_OF_OTHERS = 0o007;
/** What LMDB takes for an empty store, with some to spare; without that room it ends the process by a signal. */
const FIRST_BYTES = 65_536;

/**
 * No write begins with less room on the disk. One that meets a full disk makes lmdb 3.5.6 write its message
 * beyond the 100 bytes it has for it (mdb.c, `last_error`), which ends the process in about every second case.
 */
export const ROOM_BYTES = 16 * 1_024 * 1_024;

/** Says that a store was made here, and whether and how it was closed. */
interface Marker {
  readonly schemaVersion: number;
  /** While the store is being made: there is nothing in it yet. */
  readonly creating?: true;
  /** The databases that were made in it: one that is missing was damaged away. */
  readonly databases?: readonly string[];
  /** The data file's state when the store was closed; absent while it is open. */
  readonly closed?: { readonly bytes: number; readonly mtimeMs: number };
}

export class DataDir {
  readonly dataFile: string;
  readonly #path: string;
  readonly #markerFile: string;
  readonly #lockFile: string;
  readonly #copyFile: string;
  #lock: DatabaseSync | null = null;
  #databases: readonly string[] = [];

  constructor(path: string) {
    this.#path = resolve(path);
    this.dataFile = join(this.#path, 'store.mdb');
    this.#markerFile = join(this.#path, 'store.json');
    this.#lockFile = join(this.#path, 'lock.sqlite');
    this.#copyFile = join(this.#path, 'store.mdb.tmp');
  }

  /**
   * Takes the folder for this process and looks whether a store in it can be opened. After an unclean end that takes as long
   * as to read all of it.
   * @param tell how far that is, from time to time.
   * @throws StorageStartError saying what to do: not writable, in use, damaged, of a later version.
   */
  async acquire(tell: (records: number) => void = () => {}): Promise<void> {
    this.#makeWritable();
    this.#takeLock();
    // Left by a process that ended in the middle of `replaceDataFile`.
    rmSync(this.#copyFile, { force: true });
    try {
      await this.#lookAtStore(tell);
    } catch (error) {
      this.#releaseLock();
      throw error;
    }
  }

  /** Whether nothing was ever kept here; to be asked before `acquire`, which then begins a store. */
  isNew(): boolean {
    if (!existsSync(this.#path)) return true;
    const marker = this.#readMarker();
    return marker === null ? !existsSync(this.dataFile) : marker.creating === true;
  }

  /** Gives the folder back as it was found, where its store was read at most. */
  leave(): void {
    this.#releaseLock();
  }

  /** Whether the store held this database when it was last in use. */
  hasMade(database: string): boolean {
    return this.#databases.includes(database);
  }

  hasRoom(bytes = ROOM_BYTES): boolean {
    return hasRoom(this.#path, bytes);
  }

  /** To be called when the store is open: from now on an end without `release` is an unclean one. */
  markOpen(databases: readonly string[]): void {
    this.#databases = databases;
    this.#writeMarker({ schemaVersion: SCHEMA_VERSION, databases });
    for (const file of [this.#lockFile, this.#markerFile, this.dataFile, `${this.dataFile}-lock`])
      closeToOthers(file);
  }

  /** To be called when the store is closed. Gives the folder back. */
  release(): void {
    const { size, mtimeMs } = statSync(this.dataFile);
    this.#writeMarker({
      schemaVersion: SCHEMA_VERSION,
      databases: this.#databases,
      closed: { bytes: size, mtimeMs },
    });
    this.#releaseLock();
  }

  requireRoomForCopy(): void {
    const bytes = statSync(this.dataFile).size + ROOM_BYTES;
    if (this.hasRoom(bytes)) return;
    throw new StorageStartError(
      `the disk of DATA_DIR ${this.#path} has no room for a second copy of the store; free ${Math.ceil(bytes / 1_048_576)} MB`,
    );
  }

  /** An end at any moment leaves the one file or the other. The marker then says that the end was unclean. */
  async replaceDataFile(copyTo: (path: string) => Promise<void>, close: () => Promise<void>): Promise<void> {
    rmSync(this.#copyFile, { force: true });
    await copyForOwner(() => copyTo(this.#copyFile));
    chmodSync(this.#copyFile, statSync(this.dataFile).mode & 0o777);
    flush(this.#copyFile, 'r+');
    await close();
    renameSync(this.#copyFile, this.dataFile);
    flushNamesIn(this.#path);
  }

  #makeWritable(): void {
    this.#writing(this.#path, () => {
      // Secrets are in it, sealed or not.
      mkdirSync(this.#path, { recursive: true, mode: 0o700 });
      accessSync(this.#path, constants.W_OK | constants.R_OK | constants.X_OK);
    });
    // One that another user left behind: LMDB and SQLite would not say so, but take what they get.
    for (const file of [this.#lockFile, this.#markerFile, this.dataFile, `${this.dataFile}-lock`]) {
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats === undefined) continue;
      this.#writing(file, () => {
        if (!stats.isFile()) throw new Error('it is no file');
        accessSync(file, constants.W_OK | constants.R_OK);
      });
    }
  }

  #writing(file: string, work: () => void): void {
    try {
      work();
    } catch (cause) {
      const which = file === this.#path ? 'it' : file;
      throw new StorageStartError(
        `DATA_DIR ${this.#path} cannot be used: ${which} cannot be written to (${errorCodeOf(cause) || String(cause)}); give this process's user a folder that it may write to and that has room, or set MONGO_URI`,
        cause,
      );
    }
  }

  /**
   * A lock of the kernel's on a file, by way of SQLite, which Node brings along: it ends with the
   * process however that dies, and holds between containers, where a process id says nothing.
   */
  #takeLock(): void {
    try {
      makeForOwner(this.#lockFile);
      this.#lock = new DatabaseSync(this.#lockFile);
      this.#lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (cause) {
      this.#releaseLock();
      throw new StorageStartError(
        isBusy(cause)
          ? `DATA_DIR ${this.#path} is in use by another process, perhaps in another container; stop that one, choose another folder, or set MONGO_URI to run several`
          : `DATA_DIR ${this.#path} cannot be locked (${String(cause)}); choose a folder on a local disk, or set MONGO_URI`,
        cause,
      );
    }
  }

  #releaseLock(): void {
    this.#lock?.close();
    this.#lock = null;
  }

  async #lookAtStore(tell: (records: number) => void): Promise<void> {
    const marker = this.#readMarker();
    const file = statSync(this.dataFile, { throwIfNoEntry: false });
    if ((marker === null && file === undefined) || marker?.creating) {
      this.#beginStore();
      return;
    }
    if (marker !== null && marker.schemaVersion > SCHEMA_VERSION) {
      throw new StorageStartError(
        `DATA_DIR ${this.#path} was written by a later version (schema ${marker.schemaVersion}, this one knows ${SCHEMA_VERSION}); start that version, or choose another folder`,
      );
    }
    if (marker !== null && (file === undefined || file.size === 0))
      throw this.damaged('store.mdb is empty or missing');
    // Without a marker the store must be complete, since nothing says that a database may be missing.
    const { closed, databases = FIRST_DATABASES } = marker ?? {};
    this.#databases = databases;
    if (closed !== undefined && closed.bytes === file?.size && closed.mtimeMs === file.mtimeMs) return;
    await this.#checkInChild(tell);
  }

  /** Says so before LMDB makes its files, which a crash or a full disk may leave half-made. */
  #beginStore(): void {
    rmSync(this.dataFile, { force: true });
    rmSync(`${this.dataFile}-lock`, { force: true });
    const probe = join(this.#path, 'room.tmp');
    this.#writing(this.#path, () => {
      try {
        writeFileSync(probe, Buffer.alloc(FIRST_BYTES));
      } finally {
        rmSync(probe, { force: true });
      }
      this.#writeMarker({ schemaVersion: SCHEMA_VERSION, creating: true });
      // LMDB uses existing empty files for a new store; files that it creates itself are readable by
      // everybody.
      for (const file of [this.dataFile, `${this.dataFile}-lock`]) makeForOwner(file);
    });
  }

  async #checkInChild(tell: (records: number) => void): Promise<void> {
    const fault = await findFaultOf(this.dataFile, tell);
    if (fault?.isStalled) {
      throw new StorageStartError(
        `the store in DATA_DIR ${this.#path} has to be looked through after an unclean end, and ${fault.reason}; look whether its disk is in order, and start again`,
      );
    }
    if (fault !== null) throw this.damaged(fault.reason);
  }

  /** What to do about a store that cannot be read. */
  damaged(reason: string): StorageStartError {
    return new StorageStartError(
      `the store in DATA_DIR ${this.#path} is damaged (${reason}); nothing was changed: put a backup of the folder back, or move the folder away to start empty (puppets then have to register again)`,
    );
  }

  #readMarker(): Marker | null {
    try {
      return JSON.parse(readFileSync(this.#markerFile, 'utf8'));
    } catch (cause) {
      if (errorCodeOf(cause) === 'ENOENT') return null;
      // Spoilt from outside: the store's own state decides, as after any unclean end.
      return { schemaVersion: SCHEMA_VERSION };
    }
  }

  #writeMarker(marker: Marker): void {
    const whole = `${this.#markerFile}.tmp`;
    writeFileSync(whole, `${JSON.stringify(marker)}\n`, { flush: true, mode: FILE_MODE });
    renameSync(whole, this.#markerFile);
  }
}

/** Whether the disk of a folder that is there has so much room. */
export function hasRoom(folder: string, bytes = ROOM_BYTES): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= bytes;
}

/** Leaves a file that is there as it is. */
function makeForOwner(file: string): void {
  closeSync(openSync(file, 'a', FILE_MODE));
}

/** What others may read was made so by no intention, but by an earlier version; what only a group may was given to it. */
function closeToOthers(file: string): void {
  if ((statSync(file).mode & RIGHTS_OF_OTHERS) === 0) return;
  try {
    chmodSync(file, FILE_MODE);
  } catch {
    // Another user's, who alone may change that; it is used all the same.
  }
}

/** LMDB makes the copy itself, readable by everybody, and not in a file that is there. */
export async function copyForOwner(copy: () => Promise<void>): Promise<void> {
  const before = process.umask(0o777 & ~FILE_MODE);
  try {
    await copy();
  } finally {
    process.umask(before);
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

/** Windows opens no folder. */
export function flushNamesIn(folder: string): void {
  if (process.platform !== 'win32') flush(folder, 'r');
}

/** Whether `acquire` failed since another process owns the folder. */
export function isInUse(error: unknown): boolean {
  return error instanceof StorageStartError && isBusy(error.cause);
}

/** SQLITE_BUSY: another connection holds the lock. */
function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === 5;
}
