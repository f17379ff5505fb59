import { describe } from '@jest/globals';
import { MemoryPuppetRepository, type PuppetTable } from '../support/memory-puppet.repository.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace } from '../support/place.js';
import { mongoPlace, openRepository } from '../support/stores.js';
import { type OpenedRepository, puppetRepositoryContract } from './puppet-repository.contract.js';

function openMemory(table: PuppetTable = new Map()): OpenedRepository {
  return {
    repository: new MemoryPuppetRepository(table),
    reopen: async () => openMemory(table),
    close: async () => {},
  };
}

describe('embedded', () => puppetRepositoryContract(() => openRepository(embeddedPlace())));
mongoSuite('mongodb', () => puppetRepositoryContract(() => openRepository(mongoPlace())));
describe('the fake of the specs', () => puppetRepositoryContract(async () => openMemory()));
