/** How long an embedded store is looked through that was not closed properly. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { findFaultOf } from '../../src/storage/embedded/find-fault.js';
import { ManualClock } from '../support/manual-clock.js';

/** In place of the program that reads a store: each byte of its file stands for a record. Ends when the file is gone. */
const PROGRAM = `
  const { existsSync, statSync } = require('node:fs');
  let records = 0;
  setInterval(() => {
    if (!existsSync(process.argv[2])) process.exit();
    if (records < statSync(process.argv[2]).size) console.log(++records);
  }, 1);
`;

let folder: string;
let clock: ManualClock;
let told: number[];
let file: string;
let fault: ReturnType<typeof findFaultOf>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-check-'));
  const program = join(folder, 'program.cjs');
  writeFileSync(program, PROGRAM);
  file = join(folder, 'store');
  writeFileSync(file, '');
  clock = new ManualClock();
  told = [];
  fault = findFaultOf(file, (records) => told.push(records), clock, program);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Has the program read one more record, after that time. */
async function readOne(afterMs: number): Promise<void> {
  const before = told.length;
  await clock.advance(afterMs);
  writeFileSync(file, 'x', { flag: 'a' });
  while (told.length === before) await clock.advance(0);
}

it('a store is looked through for as long as it takes, and the log is told how far that is', async () => {
  for (let n = 0; n < 5; n++) await readOne(119_000);
  expect(told).toEqual([1, 2, 3, 4, 5]);
  rmSync(file);
  expect(await fault).toBeNull();
});

it('a store of which nothing more can be read is given up after two minutes', async () => {
  await readOne(119_000);
  await clock.advance(120_000);
  expect(await fault).toEqual({ isStalled: true, reason: 'no record could be read for 120 s' });
  expect(existsSync(file)).toBe(true);
});
