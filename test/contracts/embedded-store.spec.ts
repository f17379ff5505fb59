/** A store that another version of the manager has written, opened by this one. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { open } from 'lmdb';
import { DATABASE_NAMES } from '../../src/storage/embedded/databases.js';
import { EmbeddedPuppetRepository } from '../../src/storage/embedded/embedded-puppet.repository.js';
import { EmbeddedStore } from '../../src/storage/embedded/embedded-store.js';
import { embeddedPlace, type Place } from '../support/place.js';

let place: Place;
let dataDir: string;

beforeEach(() => {
  place = embeddedPlace();
  dataDir = place.env.DATA_DIR ?? '';
});

afterEach(() => place.discard());

/** What the version before the outbox left behind: puppets alone. */
async function writeOlderStore(databases: readonly string[]): Promise<void> {
  const path = join(dataDir, 'store.mdb');
  const root = open({ path, noSubdir: true, maxDbs: 16 });
  await root.openDB({ name: 'puppets' }).put('wkOld', { openKfId: 'wkOld', corpId: 'wwCorp_1' });
  await root.close();
  const { size: bytes, mtimeMs } = statSync(path);
  writeFileSync(
    join(dataDir, 'store.json'),
    JSON.stringify({ schemaVersion: 1, databases, closed: { bytes, mtimeMs } }),
  );
}

it('of the version before the outbox opens, with its puppets and the new databases', async () => {
  await writeOlderStore(['puppets']);
  const store = await EmbeddedStore.open({ dataDir });
  expect(await new EmbeddedPuppetRepository(store).find('wkOld')).toMatchObject({ corpId: 'wwCorp_1' });
  await store.onApplicationShutdown();
  expect(JSON.parse(readFileSync(join(dataDir, 'store.json'), 'utf8'))).toMatchObject({
    databases: DATABASE_NAMES,
  });
  await (await EmbeddedStore.open({ dataDir })).onApplicationShutdown();
});

it('that has lost one of the databases which were made in it is refused as damaged', async () => {
  await writeOlderStore(DATABASE_NAMES);
  await expect(EmbeddedStore.open({ dataDir })).rejects.toThrow(/is damaged \(its hints are missing\)/);
});
