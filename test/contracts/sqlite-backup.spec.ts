/** Copies of the embedded store, and looking at it, beside a process that writes to it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backUpSqlite } from '../../src/storage/sqlite/sqlite-backup.js';
import { inspectSqlite } from '../../src/storage/sqlite/sqlite-inspection.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { StoreWriter } from '../support/store-writer.js';
import { CONTENTS } from '../../src/store-contents.js';

let place: Place;
let dataDir: string;
let file: string;
let writer: StoreWriter | null;

beforeEach(() => {
  place = embeddedPlace();
  dataDir = join(place.env.DATA_DIR ?? '', 'data');
  mkdirSync(dataDir);
  const backups = mkdtempSync(join(place.env.DATA_DIR ?? '', 'backups-'));
  file = join(backups, 'wxkf.db');
  writeFileSync(file, 'an older copy', { mode: 0o644 });
  writer = null;
});

afterEach(async () => {
  await writer?.kill();
  await place.discard();
});

const NOBODY = { kinds: [], record: () => {}, puppet: () => {} };
const copyTo = (to = file, stop = new AbortController().signal) =>
  backUpSqlite({ dataDir }, to, NOBODY, stop);
const inspect = () => inspectSqlite({ dataDir }, NOBODY);
const names = (of = dataDir) => readdirSync(of).sort();

async function startWriter(rows: number): Promise<StoreWriter> {
  writer = new StoreWriter(dataDir);
  await writer.has(rows);
  return writer;
}

/** That many rows as a process leaves them that was killed. */
async function leaveStore(rows = 300): Promise<void> {
  await (await startWriter(rows)).kill();
  writer = null;
}

/** So that all of it is in one file. */
async function closeStore(): Promise<void> {
  const store = await SqliteStore.open({ dataDir }, CONTENTS);
  await store.onApplicationShutdown();
}

async function rowsIn(copied: string): Promise<string[]> {
  const restored = mkdtempSync(join(place.env.DATA_DIR ?? '', 'restored-'));
  writeFileSync(join(restored, 'wxkf.db'), readFileSync(copied));
  const store = await SqliteStore.open({ dataDir: restored }, CONTENTS);
  const rows = await store.rows<{ id: string }>('SELECT id FROM things ORDER BY id');
  await store.onApplicationShutdown();
  return rows.map(({ id }) => id);
}

function expectOlderCopy(): void {
  expect(readFileSync(file, 'utf8')).toBe('an older copy');
  expect(readdirSync(join(file, '..'))).toEqual(['wxkf.db']);
}

describe('a copy', () => {
  it('has all that was answered before it began, while a process writes, and takes the place of an older one', async () => {
    const { answered } = await startWriter(300);
    const before = [...answered];
    expect(await copyTo()).toBe(statSync(file).size);
    const copied = await rowsIn(file);
    expect(copied.slice(0, before.length)).toEqual(before);
    // And nothing of later alone.
    expect(copied).toEqual(copied.map((_id, n) => String(n).padStart(6, '0')));
    expect([statSync(file).mode & 0o777, readdirSync(join(file, '..'))]).toEqual([0o600, ['wxkf.db']]);
    await writer?.has(answered.length + 100);
  });

  it('of a store whose process was killed has all that was answered', async () => {
    await leaveStore();
    await copyTo();
    expect((await rowsIn(file)).length).toBeGreaterThanOrEqual(300);
  });

  it('is made neither over the store nor in a folder that is not there, and an older copy stays', async () => {
    await leaveStore();
    await expect(copyTo(join(dataDir, 'wxkf.db'))).rejects.toThrow(
      /where the name of a copy must begin with backup/,
    );
    await copyTo(join(dataDir, 'backup.db'));
    await expect(copyTo(join(file, '../nowhere/wxkf.db'))).rejects.toThrow(
      /nowhere\/wxkf\.db cannot be written/,
    );
    expectOlderCopy();
  });

  it('is given up where its command is ended, and an older copy stays', async () => {
    await leaveStore();
    await expect(copyTo(file, AbortSignal.abort(new Error('ended')))).rejects.toThrow('ended');
    expectOlderCopy();
  });

  it.each<[string, () => void, RegExp]>([
    [
      'is damaged',
      () => writeFileSync(join(dataDir, 'wxkf.db'), Buffer.alloc(65_536, 7)),
      /is damaged \(file/,
    ],
    ['is empty', () => truncateSync(join(dataDir, 'wxkf.db')), /is damaged \(wxkf\.db is empty or missing/],
  ])('is not made of a store that %s, and an older copy stays', async (_what, spoil, why) => {
    await leaveStore();
    await closeStore();
    spoil();
    await expect(copyTo()).rejects.toMatchObject({
      name: 'StorageStartError',
      message: expect.stringMatching(why),
    });
    expectOlderCopy();
  });

  it('is not made of a folder without a store, which stays as it is', async () => {
    await expect(copyTo()).rejects.toThrow(`DATA_DIR ${dataDir} has no store to copy`);
    expect(names()).toEqual([]);
    expectOlderCopy();
  });
});

describe('whoever looks at a store', () => {
  it('reads it while a process writes to it, which goes on', async () => {
    const { answered } = await startWriter(100);
    expect(await inspect()).toEqual({ kind: 'embedded', state: 'read', clockAheadMs: null });
    await writer?.has(answered.length + 100);
  });

  it('changes nothing in it, also after a kill', async () => {
    await leaveStore();
    const read = () => ['wxkf.db', 'wxkf.db-wal', 'log.db'].map((name) => readFileSync(join(dataDir, name)));
    const before = read();
    await inspect();
    expect(read().map((bytes, n) => bytes.equals(before[n] ?? Buffer.of()))).toEqual([true, true, true]);
  });

  it('makes no folder, and says so where none can be made', async () => {
    expect(await inspect()).toMatchObject({ state: 'new' });
    dataDir = join(dataDir, 'made');
    expect(await inspect()).toMatchObject({ state: 'new' });
    expect(existsSync(dataDir)).toBe(false);
  });

  it('finds a damaged page that no table of the start is in', async () => {
    await leaveStore(2_000);
    await closeStore();
    const path = join(dataDir, 'wxkf.db');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, bytes.length - 8_192));
    await expect(inspect()).rejects.toThrow(/is damaged \(.*\); put a backup back, or move the folder away/);
  });
});
