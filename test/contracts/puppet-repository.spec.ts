import { describe } from '@jest/globals';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, sealedPlace } from '../support/place.js';
import { mongoPlace, openRepository } from '../support/stores.js';
import { puppetRepositoryContract } from './puppet-repository.contract.js';

describe('embedded', () => puppetRepositoryContract(() => openRepository(embeddedPlace())));
describe('embedded, sealed', () =>
  puppetRepositoryContract(() => openRepository(sealedPlace(embeddedPlace()))));
mongoSuite('mongodb', () => puppetRepositoryContract(() => openRepository(mongoPlace())));
mongoSuite('mongodb, sealed', () =>
  puppetRepositoryContract(() => openRepository(sealedPlace(mongoPlace()))),
);
