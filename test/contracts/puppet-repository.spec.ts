import { describe } from '@jest/globals';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, sealedPlace } from '../support/place.js';
import { mongoPlace } from '../support/each-store.js';
import { openRepository, toRepository } from '../support/stores.js';
import { puppetRepositoryContract } from './puppet-repository.contract.js';

describe('embedded, sealed', () =>
  puppetRepositoryContract(() => openRepository(sealedPlace(embeddedPlace()))));
mongoSuite('mongodb, sealed', () => {
  const open = keptMongo(sealedPlace(mongoPlace()));
  puppetRepositoryContract(async () => toRepository(await open()));
});
