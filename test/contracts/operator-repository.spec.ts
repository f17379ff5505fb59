import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OperatorRepository } from '../../src/operators/operator.repository.js';
import { mongoSuite } from '../support/mongo/database.js';
import { operatorOf } from '../support/operators.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { mongoPlace } from '../support/each-store.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { type OpenedOperators, operatorRepositoryContract } from './operator-repository.contract.js';

function toOperators({ get, reopen, close }: OpenedStore): OpenedOperators {
  return { repository: get(OperatorRepository), reopen: async () => toOperators(await reopen()), close };
}

const openAt = async (place: Place) => toOperators(await openStore(place));

describe('embedded', () => {
  operatorRepositoryContract(() => openAt(embeddedPlace()));

  it('forgets sessions that have ended by themselves', async () => {
    const { repository, close } = await openAt(embeddedPlace());
    await repository.endSession({ id: 'over', tokenId: '', endMs: 1_000 }, 0);
    await repository.endSession({ id: 'running', tokenId: '', endMs: 3_000 }, 1_000);
    expect((await repository.changes())?.endedSessions).toEqual([
      { id: 'running', tokenId: '', endMs: 3_000 },
    ]);
    await close();
  });
});

mongoSuite('mongodb', () => operatorRepositoryContract(() => openAt(mongoPlace())));

mongoSuite('operators of one MongoDB', () => {
  let stores: OpenedStore[];

  beforeEach(async () => {
    const place = mongoPlace();
    stores = [await openStore(place), await openStore(place)];
  });

  afterEach(async () => {
    for (const store of stores) await store.close();
  });

  it('are seen by other replicas as soon as one has changed them, as are ended sessions', async () => {
    const [here, elsewhere] = stores.map((store) => store.get(OperatorRepository)) as [
      OperatorRepository,
      OperatorRepository,
    ];
    await here.changes();
    await elsewhere.add(operatorOf());
    expect((await here.changes())?.operators).toHaveLength(1);
    expect(await here.changes()).toBeNull();
    await elsewhere.endSession({ id: 'one', tokenId: '', endMs: Date.UTC(2999, 0, 1) }, Date.now());
    expect((await here.changes())?.endedSessions).toHaveLength(1);
    await elsewhere.remove('alice');
    expect((await here.changes())?.operators).toEqual([]);
  });
});
