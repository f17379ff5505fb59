/** What the delivery log does on a disk that is full. What its files survive is in test/contracts. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type FileHandle, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { deliveryRecord } from '../../../test/support/delivery-records.js';
import { RecordIds } from '../../record/delivery-record.js';
import { SegmentBatch } from './segment-batch.js';
import { SegmentFolder } from './segment-folder.js';
import { SegmentWriter } from './segment-writer.js';

const BYTES_MAX = 16_777_216;

/** On a disk that is full, or too full for the log, when a test says so. */
class FullFolder extends SegmentFolder {
  isFull = false;
  isTooFull = false;

  override async create(key: string, head: Buffer): Promise<FileHandle> {
    const handle = await super.create(key, head);
    const append = handle.appendFile.bind(handle);
    handle.appendFile = async (data, options) => {
      if (!this.isFull) return append(data, options);
      await append(String(data).slice(0, 50));
      await writeFile('/dev/full', '.');
    };
    return handle;
  }

  override async mayGrow(): Promise<boolean> {
    return !this.isTooFull && super.mayGrow();
  }
}

let dataDir: string;
let folder: FullFolder;
let writer: SegmentWriter;
let ids: RecordIds;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'wxkf-segments-'));
  folder = new FullFolder(dataDir);
  writer = new SegmentWriter(folder, BYTES_MAX, pino({ level: 'silent' }));
  ids = new RecordIds();
});

afterEach(async () => {
  await writer.close();
  rmSync(dataDir, { recursive: true });
});

function append(reason: string | null = null): Promise<void> {
  const batch = new SegmentBatch((one) => writer.append(one));
  batch.add(ids.toLogged(deliveryRecord({ reason })));
  return batch.write();
}
const files = (): string[] => readdirSync(join(dataDir, 'deliveries')).sort();
const linesIn = (name: string): number =>
  readFileSync(join(dataDir, 'deliveries', name), 'utf8')
    .trimEnd()
    .split('\n').length;

it('what a full disk does not take is refused and leaves no file, and the rest goes on when there is room', async () => {
  folder.isFull = true;
  await expect(append()).rejects.toMatchObject({ code: 'ENOSPC' });
  await expect(append()).rejects.toMatchObject({ code: 'ENOSPC' });
  expect([files(), await writer.list()]).toEqual([[], []]);
  folder.isFull = false;
  await append();
  await append();
  expect(files().map(linesIn)).toEqual([3]);
});

it('a line that was not written as a whole is the last of its segment', async () => {
  await append();
  folder.isFull = true;
  await expect(append()).rejects.toMatchObject({ code: 'ENOSPC' });
  folder.isFull = false;
  await append();
  expect(files().map(linesIn)).toEqual([3, 2]);
});

it('nothing is written while too little of the disk is free, and the rest goes on where it ended', async () => {
  // The room is looked at again after a megabyte.
  await append('x'.repeat(1_048_576));
  folder.isTooFull = true;
  await expect(append()).rejects.toThrow('too little of the disk is free');
  await expect(append()).rejects.toThrow('too little of the disk is free');
  folder.isTooFull = false;
  await append();
  expect(files().map(linesIn)).toEqual([3]);
});
