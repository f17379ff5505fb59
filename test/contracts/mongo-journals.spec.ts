/** What the journals in MongoDB promise beyond their port: how long entries stay there, and how much they become. */
import { expect, it } from '@jest/globals';
import type { Collection } from 'mongoose';
import { AUDIT_KEPT_MS } from '../../src/audit/audit-log.js';
import type { DeliveryLog } from '../../src/log/delivery-log.js';
import { type DeliveryRecord, toSignRecord } from '../../src/log/delivery-record.js';
import type { JournalName } from '../../src/storage/journal/journal.js';
import { journalCollection, MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { append as appendTo, deliveryRecord, RecordIds } from '../support/delivery-records.js';
import { deliveryLogOf, toAudit, toFigures, toLog } from '../support/journals.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { OpenedStore } from '../support/stores.js';
import { auditLogContract, entryOf } from './audit-log.contract.js';
import { deliveryLogContract } from './delivery-log.contract.js';
import { figureStoreContract } from './figure-store.contract.js';

const NOW_MS = Date.now();
const DAY_MS = 86_400_000;
const BYTES_MAX = 16_777_216;

interface KeptDocument {
  readonly _id: string;
  readonly at: Date;
  readonly keptUntil: Date;
}

mongoSuite('journals in MongoDB', () => {
  const open = keptMongo();
  deliveryLogContract(async () => toLog(await open()));
  figureStoreContract(async () => toFigures(await open()));
  auditLogContract(async () => toAudit(await open()));

  const documentsOf = ({ get }: OpenedStore, name: JournalName): Collection<KeptDocument> =>
    get(MongoStore).collection(journalCollection(name));

  async function append(
    log: DeliveryLog,
    count: number,
    fields: Partial<DeliveryRecord> = {},
  ): Promise<void> {
    const ids = new RecordIds();
    const records = Array.from({ length: count }, (_, n) => deliveryRecord({ atMs: NOW_MS + n, ...fields }));
    await appendTo(
      log,
      records.map((record) => ids.toLogged(record)),
    );
  }

  it('have each entry for its days, after which MongoDB removes it', async () => {
    const store = await open();
    await append(deliveryLogOf(store), 1);
    await toAudit(store).auditLog.append([entryOf(NOW_MS)]);
    for (const [name, keptMs] of [['deliveries', 3 * DAY_MS] as const, ['audit', AUDIT_KEPT_MS] as const]) {
      const documents = documentsOf(store, name);
      expect((await documents.findOne({}))?.keptUntil).toEqual(new Date(NOW_MS + keptMs));
      expect(await documents.indexes()).toEqual(
        expect.arrayContaining([expect.objectContaining({ key: { keptUntil: 1 }, expireAfterSeconds: 0 })]),
      );
    }
    await store.close();
  });

  it('are brought below their bound by a sweep, which removes the oldest', async () => {
    const store = await open();
    const log = deliveryLogOf(store, { deliveryLogBytesMax: BYTES_MAX });
    const documents = documentsOf(store, 'deliveries');
    for (let n = 0; n < 20; n++) await append(log, 100, { atMs: NOW_MS + n, reason: 'x'.repeat(10_000) });
    const bytes = await log.bytes();
    expect(bytes).toBeGreaterThan(BYTES_MAX);
    await log.sweep(NOW_MS);
    expect(await log.bytes()).toBeLessThanOrEqual(BYTES_MAX);
    expect(await log.bytes()).toBeGreaterThan(BYTES_MAX / 2);
    expect(await log.reach()).toBeGreaterThan(NOW_MS);
    const [newest] = await documents.find({}).sort({ _id: -1 }).limit(1).toArray();
    expect(newest?.at).toEqual(new Date(NOW_MS + 19));
    const count = await documents.countDocuments();
    await log.sweep(NOW_MS);
    expect(await documents.countDocuments()).toBe(count);
    await store.close();
  });

  it('leave nothing where there is to be no log', async () => {
    const store = await open();
    const log = deliveryLogOf(store, { deliveryLogDays: 0 });
    await append(log, 3);
    await log.sweep(NOW_MS);
    expect(await documentsOf(store, 'deliveries').countDocuments()).toBe(0);
    await store.close();
  });

  it('keep what replicas tell each other for an hour where there is to be no log', async () => {
    const store = await open();
    const earlier = deliveryLogOf(store);
    const signs = { outcomes: [], reads: [], forgotten: [] };
    const [old, kept] = [NOW_MS - 3_600_001, NOW_MS].map((atMs) =>
      toSignRecord(earlier.newId(atMs), atMs, signs),
    );
    await appendTo(
      earlier,
      [old, kept].filter((one) => one !== undefined),
    );
    await append(earlier, 3);
    await deliveryLogOf(store, { deliveryLogDays: 0 }).sweep(NOW_MS);
    const left = await documentsOf(store, 'deliveries').find({}).toArray();
    expect(left.map(({ _id }) => _id)).toEqual([kept?.id]);
    await store.close();
  });
});
