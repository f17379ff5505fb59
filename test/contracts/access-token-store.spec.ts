import { describe } from '@jest/globals';
import { AccessTokenStore } from '../../src/wecom/tokens/access-token.store.js';
import { MemoryAccessTokenStore, type TokenTable } from '../support/memory-access-token.store.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace } from '../support/place.js';
import { mongoPlace, type OpenedStore, openStore } from '../support/stores.js';
import { accessTokenStoreContract, type OpenedTokens } from './access-token-store.contract.js';

function openMemory(table: TokenTable = new Map()): OpenedTokens {
  return {
    stores: [new MemoryAccessTokenStore(table), new MemoryAccessTokenStore(table)],
    reopen: async () => openMemory(table),
    close: async () => {},
  };
}

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

async function openReplicas(): Promise<OpenedTokens> {
  const place = mongoPlace();
  return toTokens(await openStore(place), await openStore(place));
}

describe('embedded', () => accessTokenStoreContract(async () => toTokens(await openStore(embeddedPlace()))));
mongoSuite('mongodb, two replicas', () => accessTokenStoreContract(openReplicas));
describe('the fake of the specs', () => accessTokenStoreContract(async () => openMemory()));
