import { describe } from '@jest/globals';
import { pino } from 'pino';
import { Sealer } from '../../src/crypto/sealer.js';
import { Secret } from '../../src/kernel/secret.js';
import { AppRepository } from '../../src/registry/apps/app.repository.js';
import { SealedAppRepository } from '../../src/storage/sealed/sealed-app.repository.js';
import { type AppTable, MemoryAppRepository } from '../support/memory-app.repository.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, newSecretsKey, type Place, sealedPlace } from '../support/place.js';
import { mongoPlace, type OpenedStore, openStore } from '../support/stores.js';
import { appRepositoryContract, type OpenedApps } from './app-repository.contract.js';

function openMemory(table: AppTable = new Map()): OpenedApps {
  return {
    repository: new MemoryAppRepository(table),
    reopen: async () => openMemory(table),
    close: async () => {},
  };
}

const sealer = new Sealer([new Secret(newSecretsKey())]);

function openSealedMemory(opened = openMemory()): OpenedApps {
  return {
    repository: new SealedAppRepository(opened.repository, sealer, pino({ level: 'silent' })),
    reopen: async () => openSealedMemory(await opened.reopen()),
    close: opened.close,
  };
}

function toApps({ get, reopen, close }: OpenedStore): OpenedApps {
  return { repository: get(AppRepository), reopen: async () => toApps(await reopen()), close };
}

const openAt = async (place: Place) => toApps(await openStore(place));

describe('embedded', () => appRepositoryContract(() => openAt(embeddedPlace())));
describe('embedded, sealed', () => appRepositoryContract(() => openAt(sealedPlace(embeddedPlace()))));
mongoSuite('mongodb', () => appRepositoryContract(() => openAt(mongoPlace())));
mongoSuite('mongodb, sealed', () => appRepositoryContract(() => openAt(sealedPlace(mongoPlace()))));
describe('the fake of the specs', () => appRepositoryContract(async () => openMemory()));
describe('the fake of the specs, sealed', () => appRepositoryContract(async () => openSealedMemory()));
