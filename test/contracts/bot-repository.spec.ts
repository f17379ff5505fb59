import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BotRepository } from '../../src/registry/bots/bot.repository.js';
import { storedBot } from '../support/bots.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { mongoPlace, type OpenedStore, openStore } from '../support/stores.js';
import { botRepositoryContract, type OpenedBots } from './bot-repository.contract.js';

function toBots({ get, reopen, close }: OpenedStore): OpenedBots {
  return { repository: get(BotRepository), reopen: async () => toBots(await reopen()), close };
}

const openAt = async (place: Place) => toBots(await openStore(place));

describe('embedded', () => botRepositoryContract(() => openAt(embeddedPlace())));
describe('embedded, sealed', () => botRepositoryContract(() => openAt(sealedPlace(embeddedPlace()))));
mongoSuite('mongodb', () => botRepositoryContract(() => openAt(mongoPlace())));
mongoSuite('mongodb, sealed', () => botRepositoryContract(() => openAt(sealedPlace(mongoPlace()))));

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
