import { describe } from '@jest/globals';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { mongoPlace } from '../support/each-store.js';
import { openRepository, toRepository } from '../support/stores.js';
import { type OpenedRepository, puppetRepositoryContract } from './puppet-repository.contract.js';

function onMongo(place: Place): () => Promise<OpenedRepository> {
  const open = keptMongo(place);
  return async () => toRepository(await open());
}

describe('embedded', () => puppetRepositoryContract(() => openRepository(embeddedPlace())));
describe('embedded, sealed', () =>
  puppetRepositoryContract(() => openRepository(sealedPlace(embeddedPlace()))));
mongoSuite('mongodb', () => puppetRepositoryContract(onMongo(mongoPlace())));
mongoSuite('mongodb, sealed', () => puppetRepositoryContract(onMongo(sealedPlace(mongoPlace()))));
