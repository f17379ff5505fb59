import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ConfigType } from '@nestjs/config';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import type { storageConfig } from '../store/storage.config.js';
import type { StoreInspection, Visitor } from '../store/store-inspection.js';
import { DataDir, faultOf, hasRoom } from './data-dir.js';
import { Database } from './database.js';
import { storedPuppets } from './puppets.js';
import { readRecords } from './records.js';

/** Reads beside a manager that uses the store, which may start and end meanwhile. @throws StorageStartError */
export async function inspectSqlite(
  { dataDir }: Pick<ConfigType<typeof storageConfig>, 'dataDir'>,
  visitor: Visitor,
): Promise<StoreInspection> {
  const folder = new DataDir(dataDir);
  folder.requireNoOldStore();
  const isNew = folder.isNew();
  if (!isNew) await read(folder, visitor);
  if (!hasRoom(isNew ? placeFor(folder.path) : folder.path))
    throw new StorageStartError(`the disk of DATA_DIR ${folder.path} is full`);
  return { kind: 'embedded', state: isNew ? 'new' : 'read', clockAheadMs: null };
}

async function read(folder: DataDir, visitor: Visitor): Promise<void> {
  folder.requireWritable();
  folder.requireNotLost();
  try {
    await readWhole(folder, folder.lastingFile, visitor);
  } catch (error) {
    throw folder.toStartError(error);
  }
}

/** Checks every page, and then reads what the visitor wants. @throws StorageStartError, DatabaseError */
export async function readWhole(folder: DataDir, file: string, visitor: Visitor): Promise<void> {
  const database = await Database.open(file, [], { readOnly: true });
  try {
    await folder.requireKnownSchema(database);
    const [{ quick_check: found = '' } = {}] = await database.rows<{ quick_check?: string }>(
      'PRAGMA quick_check(1)',
    );
    if (found !== 'ok') throw folder.damaged(found.replaceAll('\n', ' '));
    await visitAll(database, visitor);
  } finally {
    await database.close();
  }
}

/** Every record that the visitor wants, and every registration, as it is stored. */
async function visitAll(database: Database, visitor: Visitor): Promise<void> {
  for (const kind of visitor.kinds)
    for (const stored of await readRecords(kind, database)) visitor.record(kind, stored);
  for await (const puppets of storedPuppets((...page) => database.rows(...page)))
    for (const puppet of puppets) visitor.puppet(puppet);
}

/** @returns the folder, or the nearest one above it that exists. @throws StorageStartError where that cannot be written to */
function placeFor(path: string): string {
  let place = resolve(path);
  while (!existsSync(place)) place = dirname(place);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new StorageStartError(`DATA_DIR ${path} cannot be made: ${faultOf(place, cause)}`, cause);
  }
  return place;
}
