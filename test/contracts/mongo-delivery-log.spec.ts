/** What the delivery log in MongoDB promises beyond its port: how long records stay there, and how large it becomes. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Collection } from 'mongoose';
import { DeliveryLog } from '../../src/record/delivery-log.js';
import { type DeliveryRecord, RecordIds } from '../../src/record/delivery-record.js';
import { DELIVERIES, type DeliveryDocument } from '../../src/storage/mongo/delivery.schema.js';
import { MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { append as appendTo, deliveryRecord } from '../support/delivery-records.js';
import { mongoSuite } from '../support/mongo/database.js';
import { mongoPlace } from '../support/each-store.js';
import { type OpenedStore, openStore } from '../support/stores.js';

const NOW_MS = Date.now();
const DAY_MS = 86_400_000;
const BYTES_MAX = 16_777_216;

mongoSuite('the delivery log in MongoDB', () => {
  let store: OpenedStore;
  let ids: RecordIds;

  beforeEach(() => openWith({}));

  afterEach(() => store.close());

  const log = () => store.get(DeliveryLog);
  const documents = (): Collection<DeliveryDocument> => store.get(MongoStore).collection(DELIVERIES);

  async function openWith(env: Readonly<Record<string, string>>): Promise<void> {
    const place = mongoPlace();
    store = await openStore({ ...place, env: { ...place.env, ...env } });
    ids = new RecordIds();
  }

  async function append(count: number, fields: Partial<DeliveryRecord> = {}): Promise<void> {
    const records = Array.from({ length: count }, (_, n) => deliveryRecord({ atMs: NOW_MS + n, ...fields }));
    await appendTo(
      log(),
      records.map((record) => ids.toLogged(record)),
    );
  }

  it('has each record for its days, after which MongoDB removes it', async () => {
    await append(1, { atMs: NOW_MS });
    const [document] = await documents().find({}).toArray();
    expect(document?.keptUntil).toEqual(new Date(NOW_MS + 3 * DAY_MS));
    expect(await documents().indexes()).toEqual(
      expect.arrayContaining([expect.objectContaining({ key: { keptUntil: 1 }, expireAfterSeconds: 0 })]),
    );
  });

  it('is brought below its bound by a sweep, which removes the oldest', async () => {
    await store.close();
    await openWith({ DELIVERY_LOG_MAX_BYTES: String(BYTES_MAX) });
    for (let n = 0; n < 20; n++) await append(100, { atMs: NOW_MS + n, reason: 'x'.repeat(10_000) });
    const bytes = await log().bytes();
    expect(bytes).toBeGreaterThan(BYTES_MAX);
    await log().sweep(NOW_MS);
    expect(await log().bytes()).toBeLessThanOrEqual(BYTES_MAX);
    expect(await log().bytes()).toBeGreaterThan(BYTES_MAX / 2);
    expect(await log().reach()).toBeGreaterThan(NOW_MS);
    const [newest] = await documents().find({}).sort({ _id: -1 }).limit(1).toArray();
    expect(newest?.at).toEqual(new Date(NOW_MS + 19));
    const count = await documents().countDocuments();
    await log().sweep(NOW_MS);
    expect(await documents().countDocuments()).toBe(count);
  });

  it('leaves nothing where there is to be no log', async () => {
    await store.close();
    await openWith({ DELIVERY_LOG_DAYS: '0' });
    await append(3);
    await log().sweep(NOW_MS);
    expect(await documents().countDocuments()).toBe(0);
  });
});
