import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Collection } from 'mongoose';
import { SystemClock } from '../../src/kernel/clock.js';
import { Secret } from '../../src/kernel/secret.js';
import { ENDED_SESSIONS } from '../../src/operators/operator.js';
import { APPS } from '../../src/registry/apps/app.js';
import { BOTS } from '../../src/registry/bots/stored-bot.js';
import { MongoStore } from '../../src/storage/mongo/mongo-store.js';
import type { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { REPLIES } from '../../src/agents/replies.js';
import { StorageProbe } from '../../src/storage/store/storage-probe.js';
import { type Records, RecordStore } from '../../src/storage/records/records.js';
import { TOKENS } from '../../src/wecom/tokens/access-token.store.js';
import { storedApp } from '../support/apps.js';
import { storedBot } from '../support/bots.js';
import { mongoPlace, onEachStore } from '../support/each-store.js';
import { keptMongo } from '../support/kept-mongo.js';
import { ManualClock } from '../support/manual-clock.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { until } from '../support/until.js';
import { findStored } from '../support/stored-bytes.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { tokenOf, tokenRecord } from '../support/tokens.js';
import { type OpenedRecords, recordsContract } from './records.contract.js';

function toRecords(...[one, ...others]: [OpenedStore, ...OpenedStore[]]): OpenedRecords {
  const recordsOf = (store: OpenedStore) => store.get(RecordStore);
  return {
    stores: [recordsOf(one), ...others.map(recordsOf)],
    reopen: async () =>
      toRecords(await one.reopen(), ...(await Promise.all(others.map((store) => store.reopen())))),
    close: async () => {
      for (const store of [one, ...others]) await store.close();
    },
  };
}

function onReplicas(place: Place): () => Promise<OpenedRecords> {
  const [openOne, openOther] = [keptMongo(place), keptMongo(place)];
  return async () => toRecords(await openOne(), await openOther());
}

describe('embedded', () => recordsContract(async () => toRecords(await openStore(embeddedPlace()))));
describe('embedded, sealed', () =>
  recordsContract(async () => toRecords(await openStore(sealedPlace(embeddedPlace())))));
mongoSuite('mongodb, two replicas', () => recordsContract(onReplicas(mongoPlace())));
mongoSuite('mongodb, two replicas, sealed', () => recordsContract(onReplicas(sealedPlace(mongoPlace()))));

onEachStore((newPlace) => {
  it('stores no secret in the clear where there is a key to seal it with', async () => {
    const place = sealedPlace(newPlace());
    const store = await openStore(place);
    const records = store.get(RecordStore);
    const secret = (name: string) => new Secret(`marked-${name}`);
    const expiresAtMs = Date.UTC(2999, 5, 7);
    await records.of(APPS).add(storedApp({ callbackToken: secret('app') }));
    await records.of(BOTS).add(storedBot({ secrets: secret('bot') }));
    await records.of(TOKENS).add({ ...tokenRecord({ token: tokenOf('marked-token') }), lease: null });
    await records.of(REPLIES).add({ key: 'one', content: secret('reply'), isSent: false, expiresAtMs });
    const all = ['app', 'bot', 'token', 'reply'].map((name) => `marked-${name}`);
    expect(await findStored(place, all)).toEqual([]);
    await store.close();
  });
});

describe('a record of the embedded store', () => {
  it('is removed once its time is over, with the next write of its kind', async () => {
    const clock = new ManualClock();
    const store = await openStore(embeddedPlace(), clock);
    const sessions = store.get(RecordStore).of(ENDED_SESSIONS);
    const put = (id: string, endMs: number) => sessions.writeAll([{ id, tokenId: 'alices', endMs }], []);
    await put('short', clock.nowMs() + 1_000);
    await put('long', clock.nowMs() + 3_000);
    await clock.advance(1_000);
    await sessions.add({ id: 'next', tokenId: 'alices', endMs: clock.nowMs() + 1 });
    const idsOf = (all: readonly { readonly id: string }[]) => all.map(({ id }) => id).sort();
    expect(idsOf(await sessions.load())).toEqual(['long', 'next']);
    expect(idsOf(await sessions.findBy('alices'))).toEqual(['long', 'next']);
    await store.close();
  });

  it('is removed with at most 100 others at once, so that other writes come in between', async () => {
    const clock = new ManualClock();
    const store = await openStore(embeddedPlace(), clock);
    const sessions = store.get(RecordStore).of(ENDED_SESSIONS);
    const ended = (n: number) => ({ id: `s${n}`, tokenId: 'alices', endMs: clock.nowMs() + 1_000 });
    await sessions.writeAll(
      Array.from({ length: 1_050 }, (_, n) => ended(n)),
      [],
    );
    await clock.advance(1_000);
    const sqlite = store.get(StorageProbe) as SqliteStore;
    const removed: number[] = [];
    const step = sqlite.step.bind(sqlite);
    sqlite.step = async (what, ...statements) => {
      const results = await step(what, ...statements);
      removed.push(results?.at(-1)?.changes ?? 0);
      return results;
    };
    await sessions.add({ id: 'next', tokenId: 'alices', endMs: clock.nowMs() + 1 });
    await until(async () => (await sessions.load()).length === 1);
    expect(removed).toEqual([...Array(10).fill(100), 50]);
    await store.close();
  });

  it('is refused by an error that can be caught once the store is closed', async () => {
    const place = embeddedPlace();
    const store = await openStore(place);
    const apps = store.get(RecordStore).of(APPS);
    await apps.add(storedApp());
    const next = await store.reopen();
    await expect(apps.load()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(apps.writeAll([storedApp()], [])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(apps.remove('id')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await next.get(RecordStore).of(APPS).load()).toHaveLength(1);
    await next.close();
  });
});

class AheadClock extends SystemClock {
  aheadMs = 0;

  override elapsedMs(): number {
    return super.elapsedMs() + this.aheadMs;
  }
}

mongoSuite('records of one MongoDB', () => {
  const clock = new AheadClock();
  let store: OpenedStore;
  let apps: Records<ReturnType<typeof storedApp>>;
  let documents: Collection<{ _id: string }>;

  beforeEach(async () => {
    store = await openStore(mongoPlace(), clock);
    apps = store.get(RecordStore).of(APPS);
    documents = store.get(MongoStore).collection('wxkfapps');
  });

  afterEach(() => store.close());

  it('are removed by MongoDB itself, found by their keys, and have unique keys of their own', async () => {
    const indexesOf = (name: string) => store.get(MongoStore).collection(name).indexes();
    expect(await indexesOf('wxkftokens')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }),
        expect.objectContaining({ key: { lookupKeys: 1 } }),
      ]),
    );
    expect(await indexesOf('wxkfbots')).toEqual(
      expect.arrayContaining([expect.objectContaining({ key: { uniqueKeys: 1 }, unique: true })]),
    );
  });

  it('are read anew where none told of a change, after a minute and not before', async () => {
    const one = storedApp();
    await apps.add(one);
    expect(await apps.changes()).toHaveLength(1);
    // By a person, or by a process that died in the middle.
    await documents.deleteOne({ _id: one.id });
    expect(await apps.changes()).toBeNull();
    clock.aheadMs += 60_000;
    expect(await apps.changes()).toEqual([]);
  });
});
