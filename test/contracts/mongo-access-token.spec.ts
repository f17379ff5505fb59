/** What the store of access tokens in MongoDB promises beyond its port: about its documents. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Collection } from 'mongoose';
import { MongoStore } from '../../src/storage/mongo/mongo-store.js';
import type { TokenDocument } from '../../src/storage/mongo/token.schema.js';
import type { TokenRecord } from '../../src/wecom/tokens/access-token.js';
import { AccessTokenStore, keptUntilMs } from '../../src/wecom/tokens/access-token.store.js';
import { mongoSuite } from '../support/mongo/database.js';
import { keptMongo } from '../support/kept-mongo.js';
import { type OpenedStore } from '../support/stores.js';
import { tokenOf, tokenRecord } from '../support/tokens.js';

const NOW_MS = Date.now();
const LEASE_MS = 10_000;

mongoSuite('access tokens in MongoDB', () => {
  const record = tokenRecord();
  const { secretId } = record;
  let store: OpenedStore;
  let tokens: AccessTokenStore;
  let documents: Collection<TokenDocument>;
  const open = keptMongo();

  beforeEach(async () => {
    store = await open();
    tokens = store.get(AccessTokenStore);
    documents = store.get(MongoStore).collection('wxkftokens');
  });

  afterEach(() => store.close());

  async function give(given: TokenRecord): Promise<void> {
    await tokens.lease(given, 'giver', NOW_MS, LEASE_MS);
    expect(await tokens.save(given, 'giver')).toBe(true);
  }

  const keptUntil = async () => (await documents.findOne({ _id: secretId }))?.keptUntil.getTime();

  it('are removed by MongoDB itself and found by their ids', async () => {
    await tokens.find(secretId);
    expect(await documents.indexes()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: { keptUntil: 1 }, expireAfterSeconds: 0 }),
        expect.objectContaining({ key: { 'token.id': 1 } }),
      ]),
    );
  });

  it('are kept as long as their record is of use', async () => {
    await give(record);
    expect(await keptUntil()).toBe(keptUntilMs(record));
    const refusal = { errcode: 40001, errmsg: '', count: 1, untilMs: NOW_MS + 99 };
    const refused = tokenRecord({ token: null, refusal, answeredAtMs: NOW_MS - 1 });
    await give(refused);
    expect(await keptUntil()).toBe(keptUntilMs(refused));
  });

  it('leave of a mere lease nothing that stays', async () => {
    await tokens.lease(record, 'a', NOW_MS, LEASE_MS);
    const untilMs = (await keptUntil()) ?? 0;
    expect(untilMs).toBeGreaterThan(NOW_MS + LEASE_MS);
    expect(untilMs).toBeLessThan(NOW_MS + LEASE_MS + 3_600_000);
  });

  it('are not gone while a lease of them runs', async () => {
    await give(record);
    const lateMs = keptUntilMs(record) - 1;
    await tokens.lease(record, 'a', lateMs, LEASE_MS);
    expect(await keptUntil()).toBeGreaterThan(lateMs + LEASE_MS);
  });

  it.each<[string, object]>([
    ['lacks its corp', { $unset: { corpId: 1 } }],
    ['lacks its token', { $unset: { token: 1 } }],
    ['has a text for a token', { $set: { token: 'token-1' } }],
    ['has a text for a time', { $set: { 'token.expiresAt': 'soon' } }],
    ['has half a refusal', { $set: { refusal: { errcode: 1 } } }],
    ['has a number for the time of the answer', { $set: { answeredAt: 7 } }],
  ])('of a document that %s are none, and it gives way to what upstream gives', async (_what, damage) => {
    await give(record);
    await documents.updateOne({ _id: secretId }, damage);
    expect(await tokens.find(secretId)).toBeNull();
    expect(await tokens.findByTokenId(record.token?.id ?? '')).toBeNull();
    await tokens.revoke(secretId, record.token?.id ?? '');
    expect(await tokens.lease(record, 'a', NOW_MS, LEASE_MS)).toEqual({ isHeld: true, record: null });
    const newer = tokenRecord({ token: tokenOf('token-2') });
    expect(await tokens.save(newer, 'a')).toBe(true);
    expect(await tokens.find(secretId)).toStrictEqual(newer);
  });

  it.each<[string, object]>([
    ['no lease', { $unset: { leaseId: 1, leasedUntil: 1 } }],
    ['a text for the end of a lease', { $set: { leaseId: 'x', leasedUntil: 'soon' } }],
  ])('can be leased where the document has %s', async (_what, damage) => {
    await give(record);
    await documents.updateOne({ _id: secretId }, damage);
    expect(await tokens.lease(record, 'a', NOW_MS, LEASE_MS)).toEqual({ isHeld: true, record });
    expect(await tokens.lease(record, 'b', NOW_MS, LEASE_MS)).toEqual({ isHeld: false, record });
  });
});
