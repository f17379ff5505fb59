import { describe } from '@jest/globals';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace } from '../support/place.js';
import { mongoPlace, openRepository } from '../support/stores.js';
import { puppetRepositoryContract } from './puppet-repository.contract.js';

describe('embedded', () => puppetRepositoryContract(() => openRepository(embeddedPlace())));
mongoSuite('mongodb', () => puppetRepositoryContract(() => openRepository(mongoPlace())));
