import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ConfigType } from '@nestjs/config';
import { open } from 'lmdb';
import { errorCodeOf } from '../../kernel/error-code.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import type { storageConfig } from '../storage.config.js';
import { Database } from '../sqlite/database.js';
import { storedPuppets } from '../sqlite/puppets.js';
import type { StoreInspection, Visitor } from '../store-inspection.js';
import { DataDir, hasRoom, isInUse } from './data-dir.js';
import { DATABASES, MAX_DATABASES, readAll } from './databases.js';
import { fromStored as fromStoredApp, type StoredApp } from './embedded-app.repository.js';
import { fromStored as fromStoredBot, type StoredBot } from './embedded-bot.repository.js';

/** While it reads, it owns the folder: no manager can start on it. @throws StorageStartError */
export async function inspectEmbedded(
  { dataDir }: Pick<ConfigType<typeof storageConfig>, 'dataDir'>,
  visitor: Visitor,
): Promise<StoreInspection> {
  const folder = new DataDir(dataDir);
  const state = folder.isNew() ? 'new' : await read(folder, visitor);
  const place = state === 'new' ? placeFor(dataDir) : dataDir;
  if (!hasRoom(place)) throw new StorageStartError(`the disk of DATA_DIR ${resolve(dataDir)} is full`);
  return { kind: 'embedded', state, clockAheadMs: null };
}

async function read(folder: DataDir, visitor: Visitor): Promise<'in use' | 'read'> {
  try {
    await folder.acquire();
  } catch (error) {
    if (isInUse(error)) return 'in use';
    throw error;
  }
  try {
    await visitAll(folder.dataFile, visitor);
    await visitPuppets(join(dirname(folder.dataFile), 'wxkf.db'), visitor);
  } catch (cause) {
    throw folder.damaged(cause instanceof Error ? cause.message : String(cause));
  } finally {
    folder.leave();
  }
  return 'read';
}

/** Every app and bot in the file of a store. @throws Error where it is damaged */
export async function visitAll(dataFile: string, visitor: Visitor): Promise<void> {
  const root = open({ path: dataFile, noSubdir: true, readOnly: true, maxDbs: MAX_DATABASES });
  try {
    // Without any where an earlier version made the store, or the process died before it had made them.
    const apps = root.openDB<StoredApp, string>({ name: 'apps', encoding: DATABASES.apps });
    if (apps !== undefined) for (const { value } of readAll(apps)) visitor.app(fromStoredApp(value));
    const bots = root.openDB<StoredBot, string>({ name: 'bots', encoding: DATABASES.bots });
    if (bots !== undefined) for (const { value } of readAll(bots)) visitor.bot(fromStoredBot(value));
  } finally {
    await root.close();
  }
}

/** Every registration. @throws Error where the file is damaged */
async function visitPuppets(file: string, visitor: Visitor): Promise<void> {
  if (!existsSync(file)) return;
  const database = await Database.open(file, [], { readOnly: true });
  try {
    for await (const puppets of storedPuppets((...page) => database.rows(...page)))
      for (const puppet of puppets) visitor.puppet(puppet);
  } finally {
    await database.close();
  }
}

/** @returns the folder, or the nearest one above it that is there. @throws StorageStartError where it cannot be written to */
function placeFor(dataDir: string): string {
  let place = resolve(dataDir);
  while (!existsSync(place)) place = dirname(place);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new StorageStartError(
      `DATA_DIR ${resolve(dataDir)} cannot be made: ${place} cannot be written to (${errorCodeOf(cause)}); give this process's user a folder that it may write to, or set MONGO_URI`,
      cause,
    );
  }
  return place;
}
