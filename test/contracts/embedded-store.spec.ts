/** A store that another version of the manager has written, opened by this one. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { open } from 'lmdb';
import { DATABASE_NAMES, DATABASES, type DatabaseName } from '../../src/storage/embedded/databases.js';
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

/** @param made the databases in it. @param databases those of which its marker says that they were made. */
async function writeOlderStore(made: readonly DatabaseName[], databases: readonly string[]): Promise<void> {
  const path = join(dataDir, 'store.mdb');
  const root = open({ path, noSubdir: true, maxDbs: 16 });
  for (const name of made) root.openDB({ name, encoding: DATABASES[name] });
  await root.openDB({ name: 'puppets' }).put('wkOld', { openKfId: 'wkOld', corpId: 'wwCorp_1' });
  await root.close();
  const { size: bytes, mtimeMs } = statSync(path);
  writeFileSync(marker(), JSON.stringify({ schemaVersion: 1, databases, closed: { bytes, mtimeMs } }));
}

const marker = (): string => join(dataDir, 'store.json');
const BEFORE_ACCESS_TOKENS = DATABASE_NAMES.filter((name) => name !== 'accessTokens');

async function expectOpens(): Promise<void> {
  const store = await EmbeddedStore.open({ dataDir });
  expect(await new EmbeddedPuppetRepository(store).find('wkOld')).toMatchObject({ corpId: 'wwCorp_1' });
  await store.onApplicationShutdown();
  expect(JSON.parse(readFileSync(marker(), 'utf8'))).toMatchObject({ databases: DATABASE_NAMES });
  await (await EmbeddedStore.open({ dataDir })).onApplicationShutdown();
}

it.each<[string, readonly DatabaseName[]]>([
  ['outbox', ['puppets']],
  ['access tokens', BEFORE_ACCESS_TOKENS],
])('of the version before the %s opens, with its puppets and the new databases', async (_what, made) => {
  await writeOlderStore(made, made);
  await expectOpens();
});

it('of the version before the access tokens opens also when its marker was lost', async () => {
  await writeOlderStore(BEFORE_ACCESS_TOKENS, []);
  rmSync(marker());
  await expectOpens();
});

it('that has lost one of the databases which were made in it is refused as damaged', async () => {
  await writeOlderStore(['puppets'], DATABASE_NAMES);
  await expect(EmbeddedStore.open({ dataDir })).rejects.toThrow(/is damaged \(its hints are missing\)/);
});
