import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BotRepository } from '../../src/registry/bots/bot.repository.js';
import mongoose from 'mongoose';
import type { Bot } from '../../src/registry/bots/bot.js';
import type { EmbeddedStore } from '../../src/storage/embedded/embedded-store.js';
import { StorageProbe } from '../../src/storage/storage-probe.js';
import { type BotDocument, toDocument } from '../../src/storage/mongo/bot.schema.js';
import { revealedBot, storedBot } from '../support/bots.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { mongoPlace } from '../support/each-store.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { botRepositoryContract, type OpenedBots } from './bot-repository.contract.js';

function toBots({ get, reopen, close }: OpenedStore): OpenedBots {
  return { repository: get(BotRepository), reopen: async () => toBots(await reopen()), close };
}

const openAt = async (place: Place) => toBots(await openStore(place));

describe('embedded, sealed', () => botRepositoryContract(() => openAt(sealedPlace(embeddedPlace()))));
mongoSuite('mongodb, sealed', () => botRepositoryContract(() => openAt(sealedPlace(mongoPlace()))));

/** As it was stored before bots could take messages. */
function withoutTaking<T extends Partial<Bot> | BotDocument>(stored: T): object {
  const { takes: _takes, order: _order, includesServicer: _includes, ...others } = stored;
  const { takesMessagesSinceMs: _since, ...old } = others;
  return old;
}

describe('a bot of an earlier version', () => {
  const bot = storedBot();
  let store: OpenedStore;

  const listed = async () => (await store.get(BotRepository).load()).map(revealedBot);

  afterEach(() => store.close());

  it('takes events, in the embedded store', async () => {
    store = await openStore(embeddedPlace());
    const { secrets } = bot;
    const old = withoutTaking({ ...bot, secrets });
    const embedded = store.get(StorageProbe) as EmbeddedStore;
    await embedded.database<object>('bots').put(bot.id, { ...old, secrets: secrets.reveal() });
    expect(await listed()).toEqual([revealedBot(bot)]);
  });

  mongoSuite('in MongoDB', () => {
    it('takes events', async () => {
      const place = mongoPlace();
      store = await openStore(place);
      const client = await mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? '');
      await client
        .db()
        .collection('wxkfbots')
        .insertOne(withoutTaking(toDocument(bot)));
      await client.close();
      expect(await listed()).toEqual([revealedBot(bot)]);
    });
  });
});

mongoSuite('bots of one MongoDB', () => {
  let stores: OpenedStore[];

  beforeEach(async () => {
    const place = mongoPlace();
    stores = [await openStore(place), await openStore(place)];
  });

  afterEach(async () => {
    for (const store of stores) await store.close();
  });

  it('are seen by other replicas as soon as one has changed them, and read only then', async () => {
    const [here, elsewhere] = stores.map((store) => store.get(BotRepository)) as [
      BotRepository,
      BotRepository,
    ];
    const names = async () => (await here.changes())?.map(({ name }) => name) ?? null;
    const one = storedBot();
    expect(await here.load()).toEqual([]);
    expect(await names()).toBeNull();
    await elsewhere.add(one);
    expect(await names()).toEqual([one.name]);
    expect(await names()).toBeNull();
    await elsewhere.replace({ ...one, name: 'another', revision: 'revision-2' }, one.revision);
    expect(await names()).toEqual(['another']);
    await elsewhere.remove(one.id);
    expect(await names()).toEqual([]);
  });
});
