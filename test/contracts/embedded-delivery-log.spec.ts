/** What the files of the delivery log survive, and how much they become. MongoDB keeps its log in a collection. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { DeliveryLog, type RecordFilter } from '../../src/record/delivery-log.js';
import { type DeliveryRecord, type LoggedRecord, RecordIds } from '../../src/record/delivery-record.js';
import { PuppetRepository } from '../../src/registry/puppet.repository.js';
import { append as appendTo, deliveryRecord } from '../support/delivery-records.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.now();
const BYTES_MAX = 16_777_216;
const ANY: RecordFilter = {
  ...{ fromMs: null, toMs: null, corpId: null, openKfId: null },
  ...{ webhookId: null, outcome: null, words: null },
};

let place: Place;
let store: OpenedStore;
let ids: RecordIds;
const folder = (): string => join(place.env.DATA_DIR ?? '', 'deliveries');
const files = (): string[] => readdirSync(folder()).sort();
const fileOf = (name: string): string => join(folder(), name);
const deliveryLog = () => store.get(DeliveryLog);

beforeEach(() => openWith({}));

afterEach(() => store.close());

async function openWith(env: Readonly<Record<string, string>>): Promise<void> {
  place = embeddedPlace();
  place = { ...place, env: { ...place.env, ...env } };
  store = await openStore(place);
  ids = new RecordIds();
}

async function append(count: number, atMs = NOW_MS, fields: Partial<DeliveryRecord> = {}): Promise<void> {
  const records = Array.from({ length: count }, (_, n) =>
    ids.toLogged(deliveryRecord({ atMs: atMs + n, webhookId: `msg_${atMs}_${n}`, ...fields })),
  );
  await appendTo(deliveryLog(), records);
}

async function countAll(filter: Partial<RecordFilter> = {}): Promise<number> {
  let count = 0;
  for (let before: string | null = null; ;) {
    const page = await deliveryLog().search({ ...ANY, ...filter }, before, 200);
    count += page.records.length;
    if (page.nextBefore === null) return count;
    before = page.nextBefore;
  }
}

describe('its files', () => {
  beforeEach(async () => {
    await append(3, NOW_MS - 2 * HOUR_MS);
    await append(3);
  });

  it('are a sealed one for each hour, and the open one, for their owner alone', () => {
    expect(files().map((name) => name.slice(name.indexOf('.')))).toEqual(['.zst', '.jsonl']);
    expect(statSync(folder()).mode & 0o077).toBe(0);
    for (const name of files()) expect(statSync(fileOf(name)).mode & 0o077).toBe(0);
  });

  it('can be read without the manager, as zstdcat does', () => {
    const [sealed = '', open = ''] = files();
    const whole = readFileSync(fileOf(sealed));
    const text = String(zstdDecompressSync(whole.subarray(8 + whole.readUInt32LE(4))));
    for (const lines of [text, readFileSync(fileOf(open), 'utf8')].map((one) => one.trimEnd().split('\n')))
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ version: 1 }, ...Array(3).fill({})]);
  });

  it('are sealed by the next process, and found by what they have', async () => {
    store = await store.reopen();
    expect(await countAll()).toBe(6);
    expect(files().every((name) => name.endsWith('.zst'))).toBe(true);
    expect(await countAll({ webhookId: `msg_${NOW_MS}_1` })).toBe(1);
    expect(await deliveryLog().story(`msg_${NOW_MS - 2 * HOUR_MS}_2`)).toHaveLength(1);
  });

  it('give what is whole when the last line is not', async () => {
    store = await store.reopen();
    await append(2, NOW_MS + 10);
    appendFileSync(fileOf(files().at(-1) ?? ''), '["0mwz');
    expect(await countAll()).toBe(8);
    store = await store.reopen();
    expect(await countAll()).toBe(8);
  });

  it('that were half-made when the process ended are passed over', async () => {
    const [sealed = '', open = ''] = files();
    // It has not looked at them yet.
    store = await store.reopen();
    writeFileSync(fileOf(sealed.replace('.zst', '.jsonl')), 'not removed yet');
    writeFileSync(fileOf(open.replace('.jsonl', '.zst.tmp')), 'not whole yet');
    expect(await countAll()).toBe(6);
    expect(files()).toHaveLength(2);
  });

  it.each<[string, (file: string) => void]>([
    ['was truncated', (file) => writeFileSync(file, readFileSync(file).subarray(0, 60))],
    ['is empty', (file) => writeFileSync(file, '')],
    ['holds something else', (file) => writeFileSync(file, Buffer.alloc(200_000, 'x'))],
    ['has no end of its terms', (file) => writeFileSync(file, readFileSync(file).fill(0xff, 4, 8))],
  ])('are removed when one %s, and the others can be read', async (_what, damage) => {
    store = await store.reopen();
    await deliveryLog().reach();
    damage(fileOf(files()[0] ?? ''));
    expect(await countAll()).toBe(3);
    expect(files()).toHaveLength(1);
    expect(await deliveryLog().reach()).toBe(NOW_MS);
    await append(2, NOW_MS + 10);
    expect(await countAll()).toBe(5);
    expect(await store.get(PuppetRepository).find('wkNone')).toBeNull();
  });

  it('may be taken away while it runs', async () => {
    rmSync(folder(), { recursive: true });
    expect(await countAll()).toBe(0);
    await append(1, NOW_MS + 2 * HOUR_MS);
    expect(await countAll()).toBe(1);
  });
});

it('has what an earlier process wrote while the clock was ahead, page by page and one by one', async () => {
  await append(3, NOW_MS - 2 * HOUR_MS);
  store = await store.reopen();
  await append(3, NOW_MS + 8 * HOUR_MS);
  store = await store.reopen();
  ids = new RecordIds();
  await append(3);
  const found: LoggedRecord[] = [];
  for (let before: string | null = null; ;) {
    const page = await deliveryLog().search(ANY, before, 2);
    found.push(...page.records);
    if (page.nextBefore === null) break;
    before = page.nextBefore;
  }
  expect(found.map(({ id }) => id)).toEqual(
    found
      .map(({ id }) => id)
      .sort()
      .reverse(),
  );
  expect(new Set(found.map(({ id }) => id)).size).toBe(9);
  for (const record of found) expect(await deliveryLog().find(record.id)).toEqual(record);
  const onDisk = files().reduce((bytes, name) => bytes + statSync(fileOf(name)).size, 0);
  expect(await deliveryLog().bytes()).toBe(onDisk);
});

it('is not written while its folder cannot be, says so to who reads, and goes on when it can', async () => {
  writeFileSync(folder(), 'no folder');
  await expect(append(1)).rejects.toThrow(/ENOTDIR|EEXIST/);
  await expect(countAll()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  rmSync(folder());
  mkdirSync(folder());
  await append(1);
  expect(await countAll()).toBe(1);
});

it('loses what is older than its days to a sweep, segment by segment', async () => {
  await append(10, NOW_MS - 4 * DAY_MS);
  await append(10, NOW_MS - 2 * DAY_MS);
  await deliveryLog().sweep(NOW_MS);
  expect(await countAll()).toBe(10);
  expect(await deliveryLog().reach()).toBe(NOW_MS - 2 * DAY_MS);
  await deliveryLog().sweep(NOW_MS + 2 * DAY_MS);
  expect([await countAll(), await deliveryLog().reach(), files()]).toEqual([0, null, []]);
});

it('leaves nothing where there is to be no log', async () => {
  await store.close();
  await openWith({ DELIVERY_LOG_DAYS: '0' });
  await append(3);
  await deliveryLog().sweep(NOW_MS + 1);
  expect(files()).toEqual([]);
});

it('stays below its bound, gives the disk back, and has the newest', async () => {
  await store.close();
  await openWith({ DELIVERY_LOG_MAX_BYTES: String(BYTES_MAX) });
  for (let n = 0; n < 40; n++) {
    const reason = randomBytes(1_500).toString('base64');
    await append(50, NOW_MS + n * 1_000, { reason });
    // So that it cannot be sealed into less.
    const records = Array.from({ length: 100 }, () =>
      deliveryRecord({ reason: randomBytes(6_000).toString('base64') }),
    );
    await appendTo(
      deliveryLog(),
      records.map((record) => ids.toLogged({ ...record, atMs: NOW_MS + n * 1_000 + 600 })),
    );
    expect(await deliveryLog().bytes()).toBeLessThanOrEqual(BYTES_MAX);
  }
  const onDisk = files().reduce((bytes, name) => bytes + statSync(fileOf(name)).size, 0);
  expect(onDisk).toBe(await deliveryLog().bytes());
  expect(onDisk).toBeGreaterThan(BYTES_MAX / 2);
  const [newest] = (await deliveryLog().search(ANY, null, 1)).records;
  expect(newest?.atMs).toBe(NOW_MS + 39_600);
  const [oldest = ''] = files();
  expect(await deliveryLog().reach()).toBe(Number.parseInt(basename(oldest).slice(0, 9), 36));
  expect(await deliveryLog().reach()).toBeGreaterThan(NOW_MS);
});
