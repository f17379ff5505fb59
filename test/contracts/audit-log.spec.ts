import { describe, expect, it } from '@jest/globals';
import { AUDIT_ENTRIES_MAX, AUDIT_KEPT_MS, AuditLog } from '../../src/audit/audit-log.js';
import { AUDIT, type AuditDocument } from '../../src/storage/mongo/audit.schema.js';
import { MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { auditLogContract, entryOf, type OpenedAudit, removesOldEntries } from './audit-log.contract.js';

function toAudit({ get, reopen, close }: OpenedStore): OpenedAudit {
  return { auditLog: get(AuditLog), reopen: async () => toAudit(await reopen()), close };
}

const openAt = async (place: Place) => toAudit(await openStore(place));
const NOW_MS = Date.now();

describe('embedded', () => {
  auditLogContract(() => openAt(embeddedPlace()));
  removesOldEntries(() => openAt(embeddedPlace()));

  it('has the last 100,000 entries, and gives pages that end early where it has to look through many', async () => {
    const { auditLog, close } = await openAt(embeddedPlace());
    const entries = Array.from({ length: AUDIT_ENTRIES_MAX + 2 }, (_, n) => entryOf(NOW_MS + n));
    await auditLog.append(entries);
    const oldest = await auditLog.search(
      { operator: null, sinceMs: null },
      entries[5]?.id ?? null,
      10,
      NOW_MS,
    );
    expect(oldest.entries).toEqual(entries.slice(2, 5).toReversed());
    const page = await auditLog.search({ operator: 'nobody', sinceMs: null }, null, 10, NOW_MS);
    expect(page).toEqual({ entries: [], nextBefore: entries.at(-5_000)?.id });
    await close();
  });
});

mongoSuite('mongodb', () => {
  const open = keptMongo();
  auditLogContract(async () => toAudit(await open()));

  it('has each entry for 90 days, after which MongoDB removes it', async () => {
    const store = await open();
    await store.get(AuditLog).append([entryOf(NOW_MS)]);
    const documents = store.get(MongoStore).collection<AuditDocument>(AUDIT);
    expect((await documents.findOne({}))?.keptUntil).toEqual(new Date(NOW_MS + AUDIT_KEPT_MS));
    expect(await documents.indexes()).toEqual(
      expect.arrayContaining([expect.objectContaining({ key: { keptUntil: 1 }, expireAfterSeconds: 0 })]),
    );
    await store.close();
  });
});
