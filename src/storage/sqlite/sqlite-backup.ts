/** Copies the embedded store into one file, also while a manager writes to it. The copy shows the store at one moment. */
import { realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { ConfigType } from '@nestjs/config';
import { errorCodeOf } from '../../kernel/error-code.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import type { storageConfig } from '../store/storage.config.js';
import type { Visitor } from '../store/store-inspection.js';
import { DataDir, flush, flushNamesIn, makeForOwner } from './data-dir.js';
import { Database, DatabaseError, isDamage } from './database.js';
import { readWhole } from './sqlite-inspection.js';

const OWN_NAME = 'backup';

/**
 * Writes the copy beside `file`, reads it once, and puts it in the place of `file` in one step, readable by its owner alone.
 * @param visitor gets what is in the copy
 * @returns how many bytes it has
 * @throws StorageStartError when nothing was copied, and what `stop` was aborted with
 */
export async function backUpSqlite(
  { dataDir }: Pick<ConfigType<typeof storageConfig>, 'dataDir'>,
  file: string,
  visitor: Visitor,
  stop: AbortSignal,
): Promise<number> {
  const folder = new DataDir(dataDir);
  folder.requireNoOldStore();
  if (folder.isNew()) throw new StorageStartError(`DATA_DIR ${folder.path} has no store to copy`);
  folder.requireReadable();
  folder.requireNotLost();
  requireOtherName(folder, file);
  const partial = `${file}.partial`;
  try {
    rmSync(partial, { force: true });
    folder.requireRoomForCopy(folderOf(file), file);
    makeForOwner(partial);
    await copy(folder, partial);
    stop.throwIfAborted();
    await requireGood(folder, partial, visitor);
    flush(partial, 'r+');
    renameSync(partial, file);
    flushNamesIn(dirname(resolve(file)));
    return statSync(file).size;
  } catch (cause) {
    rmSync(partial, { force: true });
    if (!(cause instanceof DatabaseError) && !errorCodeOf(cause)) throw cause;
    const reason = cause instanceof DatabaseError ? cause.message : errorCodeOf(cause);
    throw new StorageStartError(`${file} cannot be written (${reason}); nothing was copied`, cause);
  }
}

/** Does not copy deleted or replaced data. Runs in one transaction, so that a write of a manager does not make it begin again. */
async function copy(folder: DataDir, to: string): Promise<void> {
  try {
    const database = await Database.open(folder.lastingFile, [], { readOnly: true });
    await database.runAlone('VACUUM INTO ?', to).finally(() => database.close());
  } catch (cause) {
    throw isDamage(cause) ? folder.toStartError(cause) : cause;
  }
}

/**
 * A copy must not take the place of the store, or of another file of the manager beside it. In a container `DATA_DIR` may be
 * the only folder that can be written to, so a copy may be in it under another name.
 */
function requireOtherName({ path }: DataDir, file: string): void {
  if (realpathSync(path) !== folderOf(file) || basename(file).startsWith(OWN_NAME)) return;
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

async function requireGood(folder: DataDir, copied: string, visitor: Visitor): Promise<void> {
  try {
    await readWhole(folder, copied, visitor);
  } catch (cause) {
    throw new StorageStartError(
      `the copy cannot be read (${cause instanceof Error ? cause.message : String(cause)}); nothing was kept of it`,
      cause,
    );
  }
}
