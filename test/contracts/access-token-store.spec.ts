import { describe } from '@jest/globals';
import { pino } from 'pino';
import { Sealer } from '../../src/crypto/sealer.js';
import { Secret } from '../../src/kernel/secret.js';
import { SealedAccessTokenStore } from '../../src/storage/sealed/sealed-access-token.store.js';
import { AccessTokenStore } from '../../src/wecom/tokens/access-token.store.js';
import { MemoryAccessTokenStore, type TokenTable } from '../support/memory-access-token.store.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, newSecretsKey, sealedPlace } from '../support/place.js';
import { mongoPlace, type OpenedStore, openStore } from '../support/stores.js';
import { accessTokenStoreContract, type OpenedTokens } from './access-token-store.contract.js';

function openMemory(table: TokenTable = new Map()): OpenedTokens {
  return {
    stores: [new MemoryAccessTokenStore(table), new MemoryAccessTokenStore(table)],
    reopen: async () => openMemory(table),
    close: async () => {},
  };
}

const sealer = new Sealer([new Secret(newSecretsKey())]);

function openSealedMemory(opened = openMemory()): OpenedTokens {
  const seal = (store: AccessTokenStore) =>
    new SealedAccessTokenStore(store, sealer, pino({ level: 'silent' }));
  const [one, ...others] = opened.stores;
  return {
    stores: [seal(one), ...others.map(seal)],
    reopen: async () => openSealedMemory(await opened.reopen()),
    close: opened.close,
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

async function openReplicas(place = mongoPlace()): Promise<OpenedTokens> {
  return toTokens(await openStore(place), await openStore(place));
}

describe('embedded', () => accessTokenStoreContract(async () => toTokens(await openStore(embeddedPlace()))));
describe('embedded, sealed', () =>
  accessTokenStoreContract(async () => toTokens(await openStore(sealedPlace(embeddedPlace())))));
mongoSuite('mongodb, two replicas', () => accessTokenStoreContract(() => openReplicas()));
mongoSuite('mongodb, two replicas, sealed', () =>
  accessTokenStoreContract(() => openReplicas(sealedPlace(mongoPlace()))),
);
describe('the fake of the specs', () => accessTokenStoreContract(async () => openMemory()));
describe('the fake of the specs, sealed', () => accessTokenStoreContract(async () => openSealedMemory()));
