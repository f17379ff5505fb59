import { describe } from '@jest/globals';
import { AppRepository } from '../../src/registry/apps/app.repository.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { mongoPlace } from '../support/each-store.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { appRepositoryContract, type OpenedApps } from './app-repository.contract.js';

function toApps({ get, reopen, close }: OpenedStore): OpenedApps {
  return { repository: get(AppRepository), reopen: async () => toApps(await reopen()), close };
}

const openAt = async (place: Place) => toApps(await openStore(place));

describe('embedded, sealed', () => appRepositoryContract(() => openAt(sealedPlace(embeddedPlace()))));
mongoSuite('mongodb, sealed', () => appRepositoryContract(() => openAt(sealedPlace(mongoPlace()))));
