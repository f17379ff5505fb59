/** Copies the embedded store into one file, also while a manager uses it: LMDB reads all of one moment, whatever is written meanwhile. */
import { realpathSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { ConfigType } from '@nestjs/config';
import { open } from 'lmdb';
import { errorCodeOf } from '../../kernel/error-code.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import type { storageConfig } from '../storage.config.js';
import type { Visitor } from '../store-inspection.js';
import { copyForOwner, DataDir, flush, flushNamesIn, isInUse, ROOM_BYTES } from './data-dir.js';
import { MAX_DATABASES } from './databases.js';
import { findFaultOf } from './find-fault.js';
import { visitAll, visitRecords } from './embedded-inspection.js';

const OWN_NAME = 'backup';

/**
 * Writes the copy beside `file`, reads it once, and puts it in the place of `file` in one step, readable by its owner
 * alone. Without a running manager it owns the folder meanwhile: none can start on it.
 * @param visitor gets what is in the copy
 * @returns how many bytes it has
 * @throws StorageStartError when nothing was copied, and what `stop` was aborted with
 */
export async function backUpEmbedded(
  { dataDir }: Pick<ConfigType<typeof storageConfig>, 'dataDir'>,
  file: string,
  visitor: Visitor,
  stop: AbortSignal,
): Promise<number> {
  const folder = new DataDir(dataDir);
  if (folder.isNew()) throw new StorageStartError(`DATA_DIR ${resolve(dataDir)} has no store to copy`);
  requireOtherName(dataDir, file);
  await acquireUnlessInUse(folder);
  const partial = `${file}.partial`;
  try {
    rmSync(partial, { force: true });
    requireRoom(file, statSync(folder.dataFile).size);
    await copyForOwner(() => copy(folder.dataFile, partial));
    stop.throwIfAborted();
    await requireGood(partial);
    await visitRecords(dirname(folder.dataFile), visitor);
    await visitAll(partial, visitor);
    rmSync(`${partial}-lock`, { force: true });
    flush(partial, 'r+');
    renameSync(partial, file);
    flushNamesIn(dirname(resolve(file)));
    return statSync(file).size;
  } catch (cause) {
    for (const left of [partial, `${partial}-lock`]) rmSync(left, { force: true });
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    throw new StorageStartError(
      `${file} cannot be written (${errorCodeOf(cause)}); nothing was copied`,
      cause,
    );
  } finally {
    folder.leave();
  }
}

/** A store that nobody uses is looked through first where it was not closed properly: a damaged page would end this process. */
async function acquireUnlessInUse(folder: DataDir): Promise<void> {
  try {
    await folder.acquire();
  } catch (error) {
    if (!isInUse(error)) throw error;
  }
}

/** Compacted: of what was deleted or replaced nothing is copied. */
async function copy(dataFile: string, to: string): Promise<void> {
  const root = open({ path: dataFile, noSubdir: true, readOnly: true, maxDbs: MAX_DATABASES });
  try {
    await root.backup(to, true);
  } finally {
    await root.close();
  }
}

/**
 * A copy must not take the place of the store, or of another file of the manager beside it. In a container `DATA_DIR` may be
 * the only folder that can be written to, so a copy may be in it under another name.
 */
function requireOtherName(dataDir: string, file: string): void {
  if (realpathSync(dataDir) !== folderOf(file) || basename(file).startsWith(OWN_NAME)) return;
  throw new StorageStartError(
    `${file} is in DATA_DIR, where the name of a copy must begin with ${OWN_NAME}; choose that or another folder`,
  );
}

function folderOf(file: string): string {
  try {
    return realpathSync(dirname(resolve(file)));
  } catch (cause) {
    throw new StorageStartError(
      `${file} cannot be written: its folder cannot be used (${errorCodeOf(cause)})`,
      cause,
    );
  }
}

/** LMDB may end the process on a disk that gets full. */
function requireRoom(file: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folderOf(file));
  if (bavail * bsize >= bytes + ROOM_BYTES) return;
  const neededMb = Math.ceil((bytes + ROOM_BYTES) / 1_048_576);
  throw new StorageStartError(`the disk of ${file} has no room for the copy; free ${neededMb} MB`);
}

async function requireGood(copied: string): Promise<void> {
  const fault = await findFaultOf(copied, () => {});
  if (fault === null) return;
  throw new StorageStartError(`the copy cannot be read (${fault.reason}); nothing was kept of it`);
}
