/** The files of the embedded store: who may use them, and what happens where they are damaged or the disk is full. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  rmdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Log } from '../../src/kernel/log.js';
import { SqliteStore, type SqliteStep } from '../../src/storage/sqlite/sqlite-store.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { PUT, StoreWriter, TABLE } from '../support/store-writer.js';
import { CONTENTS } from '../../src/store-contents.js';

const STEP: SqliteStep = 'append audit';
const UNAVAILABLE = { code: 'STORE_UNAVAILABLE' };

let place: Place;
let dataDir: string;
let store: SqliteStore | null;
let log: { warn: jest.Mock; error: jest.Mock };

beforeEach(() => {
  place = embeddedPlace();
  dataDir = place.env.DATA_DIR ?? '';
  store = null;
  log = { warn: jest.fn(), error: jest.fn() };
});

afterEach(async () => {
  await store?.onApplicationShutdown();
  await place.discard();
});

const at = (name: string): string => join(dataDir, name);
const modeOf = (name: string): number => statSync(at(name)).mode & 0o777;

async function open(): Promise<SqliteStore> {
  store = await SqliteStore.open({ dataDir }, CONTENTS, undefined, log as unknown as Log);
  await store.step(STEP, { sql: TABLE });
  await store.logStep(STEP, { sql: TABLE });
  return store;
}

async function close(): Promise<void> {
  await store?.onApplicationShutdown();
  store = null;
}

const put = (id: string, said = 'it') => store?.step(STEP, { sql: PUT, values: [id, said] });
const ids = async () =>
  ((await store?.rows<{ id: string }>('SELECT id FROM things ORDER BY id')) ?? []).map(({ id }) => id);

/** With so many rows that they fill some pages. */
async function fill(of: 'step' | 'logStep' = 'step'): Promise<void> {
  const puts = Array.from({ length: 500 }, (_, n) => ({ sql: PUT, values: [`wk${n}`, 'x'.repeat(200)] }));
  await store?.[of](STEP, ...puts);
}

/** The last pages, which have rows. */
function spoilPages(file: string): void {
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0xa5, bytes.length - 16_384));
}

describe('DATA_DIR', () => {
  it('is made for its owner alone, with three files, and is put away without any other', async () => {
    dataDir = join(dataDir, 'made');
    await open();
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(dataDir)) expect([name, modeOf(name)]).toEqual([name, 0o600]);
    await close();
    expect(readdirSync(dataDir).sort()).toEqual(['lock.db', 'log.db', 'wxkf.db']);
  });

  it('has files that everybody could read closed, and leaves those that a group can', async () => {
    await open();
    await close();
    chmodSync(at('wxkf.db'), 0o644);
    chmodSync(at('log.db'), 0o640);
    await open();
    expect([modeOf('wxkf.db'), modeOf('wxkf.db-wal'), modeOf('log.db')]).toEqual([0o600, 0o600, 0o640]);
  });

  it('is refused while another process has it, and free when that one is killed', async () => {
    const program = `
      import { DatabaseSync } from 'node:sqlite';
      new DatabaseSync(${JSON.stringify(at('lock.db'))}).exec('BEGIN EXCLUSIVE');
      console.log('held');
      setInterval(() => {}, 1000);
    `;
    await open();
    await close();
    const other = spawn(process.execPath, ['--input-type=module', '--eval', program]);
    await once(other.stdout, 'data');
    await expect(open()).rejects.toThrow(/in use by another process, perhaps in another container/);
    other.kill('SIGKILL');
    await once(other, 'close');
    await open();
  });

  it('of which the file was taken away is found out by the check', async () => {
    await open();
    await store?.check();
    renameSync(at('wxkf.db'), at('elsewhere'));
    await expect(store?.check()).rejects.toThrow(/ENOENT/);
    copyFileSync(at('elsewhere'), at('wxkf.db'));
    await expect(store?.check()).rejects.toThrow(/another file/);
  });
});

describe('a start', () => {
  it('after an unclean end finds all that was answered', async () => {
    const writer = new StoreWriter(dataDir);
    await writer.has(300);
    await writer.kill();
    await open();
    const kept = new Set(await ids());
    expect(writer.answered.filter((id) => !kept.has(id))).toEqual([]);
  });

  it('begins anew a store that was only half made', async () => {
    writeFileSync(at('wxkf.db'), '');
    await open();
    expect(await ids()).toEqual([]);
  });

  const REFUSED: [string, () => void, RegExp][] = [
    ['is empty', () => truncateSync(at('wxkf.db')), /damaged \(wxkf\.db is empty or missing\); put a backup/],
    ['is gone', () => rmSync(at('wxkf.db')), /damaged \(wxkf\.db is empty or missing\); put a backup/],
    ['lost its end', () => truncateSync(at('wxkf.db'), 12_288), /is damaged \(database disk image is malf/],
    ['is no database', () => writeFileSync(at('wxkf.db'), 'x'.repeat(9_000)), /damaged \(file is not a data/],
    [
      'was written by a later version',
      () => {
        const later = new DatabaseSync(at('wxkf.db'));
        later.exec('PRAGMA user_version = 99');
        later.close();
      },
      /written by a later version \(schema 99/,
    ],
  ];
  it.each(REFUSED)(
    'is refused with what to do where wxkf.db %s, and leaves it as it is',
    async (_what, spoil, why) => {
      await open();
      await fill();
      await close();
      spoil();
      const read = () => (existsSync(at('wxkf.db')) ? readFileSync(at('wxkf.db')) : Buffer.of());
      const before = read();
      await expect(open()).rejects.toMatchObject({
        name: 'StorageStartError',
        message: expect.stringMatching(why),
      });
      expect(read().equals(before)).toBe(true);
      expect(log.error).not.toHaveBeenCalled();
    },
  );

  it.each(['lock.db', 'wxkf.db', 'wxkf.db-wal'])(
    'is refused with what to do where a folder is in the place of %s',
    async (name) => {
      mkdirSync(at(name));
      await expect(open()).rejects.toThrow(
        new RegExp(
          `${RegExp.escape(name)} cannot be written to \\(Error: it is no file\\); give this process`,
        ),
      );
    },
  );

  it('goes on without its log where that cannot be opened, and has it once it can', async () => {
    await open();
    await close();
    rmSync(at('log.db'));
    mkdirSync(at('log.db'));
    const opened = await SqliteStore.open({ dataDir }, CONTENTS, undefined, log as unknown as Log);
    store = opened;
    expect(log.warn).toHaveBeenCalledWith(
      expect.objectContaining({ file: at('log.db') }),
      'store.log_cannot_open',
    );
    await expect(opened.logRows('SELECT 1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await opened.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    rmdirSync(at('log.db'));
    await opened.logRows('SELECT 1').catch(() => {});
    expect(await opened.logRows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is refused with what to do where the folder cannot be made', async () => {
    writeFileSync(at('file'), '');
    dataDir = at('file/data');
    await expect(open()).rejects.toThrow(/cannot be written to \(ENOTDIR\).*set MONGO_URI/);
  });

  it('sets a log aside that is no database, says so, and goes on with an empty one', async () => {
    await open();
    await close();
    writeFileSync(at('log.db'), 'x'.repeat(9_000));
    await open();
    await fill('logStep');
    expect(log.warn.mock.calls).toEqual([
      [{ file: at('log.db.damaged'), err: expect.any(Error) }, 'store.log_set_aside'],
    ]);
    expect([modeOf('log.db'), readFileSync(at('log.db.damaged')).length]).toEqual([0o600, 9_000]);
  });
});

describe('a damaged page', () => {
  it('is an error of what needs it, and of the check, and everything else goes on', async () => {
    await open();
    await fill();
    await close();
    spoilPages(at('wxkf.db'));
    store = await SqliteStore.open({ dataDir }, CONTENTS, undefined, log as unknown as Log);
    await store.check();
    const reason = expect.stringMatching(/is damaged \(.*malformed\); put a backup back, or move the folder/);
    for (let n = 0; n < 2; n++) {
      await expect(store.rows('SELECT * FROM things')).rejects.toMatchObject({
        ...UNAVAILABLE,
        cause: { name: 'StorageStartError', message: reason },
      });
    }
    await expect(store.check()).rejects.toMatchObject({ message: reason });
    expect(log.error.mock.calls).toEqual([[{ reason }, 'store.damaged']]);
    await store.step(STEP, { sql: 'CREATE TABLE another (id TEXT) STRICT' });
    await store.step(STEP, { sql: "INSERT INTO another VALUES ('a')" });
    expect(await store.rows('SELECT * FROM another')).toEqual([{ id: 'a' }]);
  });

  it('of the log has it set aside, and the next record is kept', async () => {
    await open();
    await fill('logStep');
    await close();
    spoilPages(at('log.db'));
    store = await SqliteStore.open({ dataDir }, CONTENTS, undefined, log as unknown as Log);
    const read = () => store?.logRows('SELECT * FROM things');
    const both = await Promise.allSettled([read(), read()]);
    for (const one of both) expect(one).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
    await store.logStep(STEP, { sql: TABLE });
    expect(log.warn).toHaveBeenCalledTimes(1);
    await store.logStep(STEP, { sql: PUT, values: ['wk', 'it'] });
    expect(await read()).toEqual([{ id: 'wk', said: 'it' }]);
    await store.check();
  });
});

describe('a full disk', () => {
  /** SQLite takes its own bound for a disk that is full. */
  const bound = (pages: number) => store?.rows(`PRAGMA max_page_count = ${pages}`);

  it('refuses what has no room, keeps all that was answered, and takes more when there is room again', async () => {
    await open();
    await put('before');
    await bound(1);
    const big = 'x'.repeat(20_000);
    const refused = await Promise.allSettled([put('a', big), put('b', big)]);
    for (const one of refused) {
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { ...UNAVAILABLE, cause: { message: 'database or disk is full', errcode: 13 } },
      });
    }
    expect(await ids()).toEqual(['before']);
    await bound(1_000_000);
    await put('after', big);
    await close();
    await open();
    expect(await ids()).toEqual(['after', 'before']);
    expect(log.error).not.toHaveBeenCalled();
  });
});

describe('a store that was closed compacted', () => {
  async function writeTwice(): Promise<void> {
    await open();
    for (const text of ['overwritten', 'lasting'])
      for (let n = 0; n < 500; n += 100)
        await store?.step(
          STEP,
          ...Array.from({ length: 100 }, (_, more) => ({
            sql: PUT,
            values: [`wk${n + more}`, text.repeat(20 + n)],
          })),
        );
  }

  const stored = (): Buffer => Buffer.concat(readdirSync(dataDir).map((name) => readFileSync(at(name))));

  it('has nothing in its files of what was overwritten, and all that was not', async () => {
    await writeTwice();
    expect(stored().includes('overwritten')).toBe(true);
    chmodSync(at('wxkf.db'), 0o640);
    await store?.closeCompacted();
    expect(stored().includes('overwritten')).toBe(false);
    expect([modeOf('wxkf.db'), readdirSync(dataDir).sort()]).toEqual([
      0o640,
      ['lock.db', 'log.db', 'wxkf.db'],
    ]);
    await open();
    expect(await ids()).toHaveLength(500);
    expect(await store?.rows("SELECT said FROM things WHERE id = 'wk7'")).toEqual([
      { said: 'lasting'.repeat(20) },
    ]);
    await put('new');
  });

  it('stays as it is while another process reads it', async () => {
    await writeTwice();
    const reader = new DatabaseSync(at('wxkf.db'), { readOnly: true });
    reader.exec('BEGIN; SELECT * FROM things');
    await expect(store?.closeCompacted()).rejects.toThrow(/another process reads the store/);
    await close();
    reader.close();
    expect(existsSync(at('wxkf.db.tmp'))).toBe(false);
    await open();
    expect(await ids()).toHaveLength(500);
  });

  it('leaves no copy behind where its process died in the middle', async () => {
    await open();
    await put('wk');
    await close();
    writeFileSync(at('wxkf.db.tmp'), 'half a copy');
    await open();
    expect(existsSync(at('wxkf.db.tmp'))).toBe(false);
    expect(await ids()).toEqual(['wk']);
  });
});
