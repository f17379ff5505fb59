import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Database } from './database.js';

const OPENING = [
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  'CREATE TABLE IF NOT EXISTS things (id TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID',
];
const PUT = 'INSERT INTO things VALUES (?, ?) ON CONFLICT DO NOTHING';
const SET = 'UPDATE things SET revision = revision + 1 WHERE id = ? AND revision = ?';
/** Takes so long that its thread can be ended meanwhile. */
const LONG =
  'WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000) SELECT n FROM numbers';

let folder: string;
let database: Database;
const reopen = () => Database.open(join(folder, 'it.db'), OPENING);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-database-'));
  database = await reopen();
});

afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const all = () => database.rows<{ id: string; revision: number }>('SELECT * FROM things ORDER BY id');

it('answers many steps at once, each by itself, and keeps them', async () => {
  const puts = Array.from({ length: 2_500 }, (_, n) =>
    database.run([{ sql: PUT, values: [String(n).padStart(5, '0'), n] }]),
  );
  for (const put of await Promise.all(puts)) expect(put).toEqual([{ rows: [], changes: 1 }]);
  await database.close();
  database = await reopen();
  expect((await all()).at(-1)).toEqual({ id: '02499', revision: 2_499 });
});

it('undoes a whole step where a row is not as it has to be, and no other step', async () => {
  await database.run([{ sql: PUT, values: ['a', 1] }]);
  const [, undone] = await Promise.all([
    database.run([{ sql: PUT, values: ['b', 1] }]),
    database.run([
      { sql: PUT, values: ['c', 1] },
      { sql: SET, values: ['a', 7], changes: 1 },
    ]),
    database.run([{ sql: PUT, values: ['d', 1] }]),
  ]);
  expect(undone).toBeNull();
  expect((await all()).map(({ id }) => id)).toEqual(['a', 'b', 'd']);
});

it('undoes a step that no other shares its transaction with, and goes on', async () => {
  await database.run([{ sql: PUT, values: ['a', 1] }]);
  const put = { sql: PUT, values: ['b', 1] };
  expect(await database.run([put, { sql: SET, values: ['a', 7], changes: 1 }])).toBeNull();
  const wrong = { sql: 'INSERT INTO things VALUES (?, ?)', values: ['x', null] };
  await expect(database.run([put, wrong])).rejects.toMatchObject({ errcode: 1299 });
  await database.run([{ sql: PUT, values: ['c', 1] }]);
  expect((await all()).map(({ id }) => id)).toEqual(['a', 'c']);
});

it('lets a statement that is wrong fail alone', async () => {
  const wrong = database.run([{ sql: 'INSERT INTO things VALUES (?, ?)', values: ['x', null] }]);
  const right = database.run([{ sql: PUT, values: ['y', 1] }]);
  await expect(wrong).rejects.toMatchObject({ errcode: 1299 });
  await right;
  expect(await all()).toEqual([{ id: 'y', revision: 1 }]);
});

it('gives the rows that a write returns', async () => {
  const [result] = (await database.run([{ sql: `${PUT} RETURNING id`, values: ['a', 1] }])) ?? [];
  expect(result).toEqual({ rows: [{ id: 'a' }], changes: 1 });
});

it('does what was asked for before it closes, and nothing afterwards', async () => {
  const put = database.run([{ sql: PUT, values: ['a', 1] }]);
  const closed = database.close();
  await expect(all()).rejects.toThrow('closed');
  await Promise.all([put, closed]);
  database = await reopen();
  expect(await all()).toHaveLength(1);
});

it('says why a file cannot be opened', async () => {
  await expect(Database.open(join(folder, 'none', 'it.db'), OPENING)).rejects.toMatchObject({ errcode: 14 });
});

it('lets a statement that cannot be prepared fail alone, each time', async () => {
  const wrong = () => database.rows('SELECT * FROM nowhere');
  const first = wrong();
  const right = database.run([{ sql: PUT, values: ['a', 1] }]);
  await expect(first).rejects.toThrow(/no such table/);
  expect(await right).toEqual([{ rows: [], changes: 1 }]);
  await expect(wrong()).rejects.toThrow(/no such table/);
});

it('runs outside of a transaction what has to, in its turn', async () => {
  const put = database.run([{ sql: PUT, values: ['a', 1] }]);
  const copy = join(folder, 'copy.db');
  const copied = database.runAlone('VACUUM INTO ?', copy);
  await Promise.all([put, database.run([{ sql: PUT, values: ['b', 1] }]), copied]);
  const opened = await Database.open(copy, [], { readOnly: true });
  expect(await opened.rows('SELECT id FROM things')).toEqual([{ id: 'a' }]);
  await opened.close();
  expect(await all()).toHaveLength(2);
});

it('goes on with another thread where one has died, and tells those that waited for it', async () => {
  const held = jest.spyOn(Worker.prototype, 'ref');
  await database.run([{ sql: PUT, values: ['a', 1] }]);
  const [thread] = held.mock.contexts as Worker[];
  held.mockRestore();
  const lost = database.rows(LONG);
  await setImmediate();
  await thread?.terminate();
  await expect(lost).rejects.toThrow('the thread of the database has ended');
  await database.run([{ sql: PUT, values: ['c', 1] }]);
  expect((await all()).map(({ id }) => id)).toEqual(expect.arrayContaining(['a', 'c']));
});

it('waits while another connection holds the file', async () => {
  const other = new DatabaseSync(join(folder, 'it.db'));
  other.exec('BEGIN IMMEDIATE');
  const put = database.run([{ sql: PUT, values: ['a', 1] }]);
  setTimeout(() => other.close(), 100);
  expect(await put).toEqual([{ rows: [], changes: 1 }]);
});
