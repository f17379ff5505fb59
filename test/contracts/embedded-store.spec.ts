/** A store that another version of the manager has written, opened by this one. */
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { open } from 'lmdb';
import { DATABASE_NAMES, DATABASES, type DatabaseName } from '../../src/storage/embedded/databases.js';
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
const BEFORE_MESSAGES = DATABASE_NAMES.filter((name) => name !== 'messages');

async function expectOpens(): Promise<void> {
  const store = await EmbeddedStore.open({ dataDir });
  expect(store.database('puppets').get('wkOld')).toMatchObject({ corpId: 'wwCorp_1' });
  await store.onApplicationShutdown();
  expect(JSON.parse(readFileSync(marker(), 'utf8'))).toMatchObject({ databases: DATABASE_NAMES });
  await (await EmbeddedStore.open({ dataDir })).onApplicationShutdown();
}

it.each<[string, readonly DatabaseName[]]>([
  ['outbox', ['puppets']],
  ['messages', BEFORE_MESSAGES],
])('of the version before the %s opens, with its puppets and the new databases', async (_what, made) => {
  await writeOlderStore(made, made);
  await expectOpens();
});

it('that has lost one of the databases which were made in it is refused as damaged', async () => {
  await writeOlderStore(['puppets'], DATABASE_NAMES);
  await expect(EmbeddedStore.open({ dataDir })).rejects.toThrow(
    /is damaged \(its resyncGrants are missing\)/,
  );
});

describe('a store that was closed compacted', () => {
  const file = (): string => join(dataDir, 'store.mdb');
  const value = (text: string, n: number) => ({ openKfId: `wk${n}`, corpId: text.repeat(20) });
  const KEYS = Array.from({ length: 500 }, (_, n) => n);

  /** Every record twice, so that what was overwritten is in freed pages. */
  async function writeTwice(): Promise<EmbeddedStore> {
    const store = await EmbeddedStore.open({ dataDir });
    const puppets = store.database('puppets');
    for (const text of ['overwritten', 'lasting'])
      await Promise.all(KEYS.map((n) => puppets.put(`wk${n}`, value(text, n))));
    // Values that have pages of their own, and slack in the last one.
    const operators = store.database('operators');
    for (const fill of ['overwritten', 'lasting'])
      await Promise.all(KEYS.map((n) => operators.put(`wk${n}`, fill.repeat(200 + n))));
    return store;
  }

  it('has nothing in its file of what was overwritten, and all that was not', async () => {
    const store = await writeTwice();
    expect(readFileSync(file()).includes('overwritten')).toBe(true);
    chmodSync(file(), 0o600);
    await store.closeCompacted();
    await store.onApplicationShutdown();
    expect(readFileSync(file()).includes('overwritten')).toBe(false);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    const { size: bytes, mtimeMs } = statSync(file());
    expect(JSON.parse(readFileSync(marker(), 'utf8'))).toMatchObject({ closed: { bytes, mtimeMs } });

    const again = await EmbeddedStore.open({ dataDir });
    for (const n of KEYS) {
      expect(again.database('puppets').get(`wk${n}`)).toEqual(value('lasting', n));
      expect(again.database('operators').get(`wk${n}`)).toHaveLength('lasting'.length * (200 + n));
    }
    await again.database('puppets').put('wkNew', value('new', 1));
    await again.onApplicationShutdown();
  });

  it('leaves no copy behind where its process died in the middle', async () => {
    await (await writeTwice()).onApplicationShutdown();
    writeFileSync(`${file()}.tmp`, 'half a copy');
    const store = await EmbeddedStore.open({ dataDir });
    expect(existsSync(`${file()}.tmp`)).toBe(false);
    expect(store.database('puppets').get('wk1')).toEqual(value('lasting', 1));
    await store.onApplicationShutdown();
  });
});
