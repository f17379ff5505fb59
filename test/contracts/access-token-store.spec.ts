import { describe } from '@jest/globals';
import { AccessTokenStore } from '../../src/wecom/tokens/access-token.store.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { mongoPlace } from '../support/each-store.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { accessTokenStoreContract, type OpenedTokens } from './access-token-store.contract.js';

function toTokens(...[one, ...others]: [OpenedStore, ...OpenedStore[]]): OpenedTokens {
  const tokensOf = (store: OpenedStore) => store.get(AccessTokenStore);
  return {
    stores: [tokensOf(one), ...others.map(tokensOf)],
    reopen: async () =>
      toTokens(await one.reopen(), ...(await Promise.all(others.map((store) => store.reopen())))),
    close: async () => {
      for (const store of [one, ...others]) await store.close();
    },
  };
}

function onReplicas(place: Place): () => Promise<OpenedTokens> {
  const [openOne, openOther] = [keptMongo(place), keptMongo(place)];
  return async () => toTokens(await openOne(), await openOther());
}

describe('embedded, sealed', () =>
  accessTokenStoreContract(async () => toTokens(await openStore(sealedPlace(embeddedPlace())))));
mongoSuite('mongodb, two replicas, sealed', () =>
  accessTokenStoreContract(onReplicas(sealedPlace(mongoPlace()))),
);
