/** What the file of the delivery log survives, and how large it becomes. MongoDB keeps its log in a collection. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeliveryLog, type RecordFilter } from '../../src/record/delivery-log.js';
import { RecordIds } from '../../src/record/delivery-record.js';
import { PuppetRepository } from '../../src/registry/puppet.repository.js';
import { deliveryRecord } from '../support/delivery-records.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const ANY: RecordFilter = {
  ...{ fromMs: null, toMs: null, corpId: null, openKfId: null },
  ...{ webhookId: null, outcome: null, words: null },
};

let place: Place;
let store: OpenedStore;
let ids: RecordIds;
const fileOf = (name: string): string => join(place.env.DATA_DIR ?? '', name);
const deliveryLog = () => store.get(DeliveryLog);

beforeEach(async () => {
  place = embeddedPlace();
  store = await openStore(place);
  ids = new RecordIds();
});

afterEach(() => store.close());

async function append(count: number, atMs = NOW_MS, reason: string | null = null): Promise<void> {
  const records = Array.from({ length: count }, (_, n) => {
    const record = deliveryRecord({ atMs: atMs + n, webhookId: `msg_${atMs}_${n}`, reason });
    return ids.toLogged(record);
  });
  await deliveryLog().append(records);
}

async function countAll(): Promise<number> {
  let count = 0;
  for (let before: string | null = null; ;) {
    const page = await deliveryLog().search(ANY, before, 200);
    count += page.records.length;
    if (page.nextBefore === null) return count;
    before = page.nextBefore;
  }
}

describe('its file', () => {
  beforeEach(() => append(3));

  it('is for its owner alone', () => {
    for (const name of ['deliveries.mdb', 'deliveries.mdb-lock', 'deliveries.json'])
      expect(statSync(fileOf(name)).mode & 0o077).toBe(0);
  });

  it.each<[string, () => void]>([
    ['was truncated', () => writeFileSync(fileOf('deliveries.mdb'), '')],
    ['holds something else', () => writeFileSync(fileOf('deliveries.mdb'), Buffer.alloc(200_000, 'x'))],
    ['is gone', () => rmSync(fileOf('deliveries.mdb'))],
    ['has a marker that cannot be read', () => writeFileSync(fileOf('deliveries.json'), '{')],
    ['has no marker', () => rmSync(fileOf('deliveries.json'))],
    ['was open when the machine stopped', () => markOpen('of another start')],
    ['is of another version', () => markOpen(undefined, 99)],
  ])('is made anew when it %s, and the store beside it stays as it is', async (_what, damage) => {
    const reopened = await store.reopen();
    await reopened.get(DeliveryLog).reach();
    // Closed once more, so that nothing has it open.
    store = await reopened.reopen();
    damage();
    expect(await deliveryLog().reach()).toBeNull();
    await append(2);
    expect(await countAll()).toBe(2);
    expect(await store.get(PuppetRepository).find('wkNone')).toBeNull();
  });

  it('is used on when the process alone ended while it was open', async () => {
    const marker = readFileSync(fileOf('deliveries.json'));
    store = await store.reopen();
    writeFileSync(fileOf('deliveries.json'), marker);
    expect(await countAll()).toBe(3);
  });
});

function markOpen(bootId?: string, version?: number): void {
  const { closed: _closed, ...marker } = JSON.parse(readFileSync(fileOf('deliveries.json'), 'utf8'));
  const changed = { ...marker, bootId: bootId ?? marker.bootId, version: version ?? marker.version };
  writeFileSync(fileOf('deliveries.json'), JSON.stringify(changed));
}

it('loses what is older than its days to a sweep, group by group', async () => {
  await append(10, NOW_MS - 4 * DAY_MS);
  await append(10, NOW_MS - 2 * DAY_MS);
  await deliveryLog().sweep(NOW_MS);
  expect(await countAll()).toBe(10);
  expect(await deliveryLog().reach()).toBe(NOW_MS - 2 * DAY_MS);
});

it('stays below its bound, and loses the oldest', async () => {
  const bytesMax = 16_777_216;
  store = await store.reopen();
  await store.close();
  place = embeddedPlace();
  place = { ...place, env: { ...place.env, DELIVERY_LOG_MAX_BYTES: String(bytesMax) } };
  store = await openStore(place);
  const incompressible = (n: number) => Buffer.from(String(n * Math.PI).repeat(60)).toString('base64');
  for (let n = 0; n < 60; n++) {
    await append(500, NOW_MS + n * 1_000, incompressible(n));
    expect(await deliveryLog().bytes()).toBeLessThanOrEqual(bytesMax);
  }
  expect(statSync(fileOf('deliveries.mdb')).size).toBeLessThan(1.5 * bytesMax);
  const [newest] = (await deliveryLog().search(ANY, null, 1)).records;
  expect(newest?.atMs).toBe(NOW_MS + 59_499);
});
