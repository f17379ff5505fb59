import { describe } from '@jest/globals';
import { pino } from 'pino';
import { Sealer } from '../../src/crypto/sealer.js';
import { Secret } from '../../src/kernel/secret.js';
import { SealedPuppetRepository } from '../../src/storage/sealed/sealed-puppet.repository.js';
import { MemoryPuppetRepository, type PuppetTable } from '../support/memory-puppet.repository.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, newSecretsKey, sealedPlace } from '../support/place.js';
import { mongoPlace, openRepository } from '../support/stores.js';
import { type OpenedRepository, puppetRepositoryContract } from './puppet-repository.contract.js';

function openMemory(table: PuppetTable = new Map()): OpenedRepository {
  return {
    repository: new MemoryPuppetRepository(table),
    reopen: async () => openMemory(table),
    close: async () => {},
  };
}

const sealer = new Sealer([new Secret(newSecretsKey())]);

function openSealedMemory(opened = openMemory()): OpenedRepository {
  return {
    repository: new SealedPuppetRepository(opened.repository, sealer, pino({ level: 'silent' })),
    reopen: async () => openSealedMemory(await opened.reopen()),
    close: opened.close,
  };
}

describe('embedded', () => puppetRepositoryContract(() => openRepository(embeddedPlace())));
describe('embedded, sealed', () =>
  puppetRepositoryContract(() => openRepository(sealedPlace(embeddedPlace()))));
mongoSuite('mongodb', () => puppetRepositoryContract(() => openRepository(mongoPlace())));
mongoSuite('mongodb, sealed', () =>
  puppetRepositoryContract(() => openRepository(sealedPlace(mongoPlace()))),
);
describe('the fake of the specs', () => puppetRepositoryContract(async () => openMemory()));
describe('the fake of the specs, sealed', () => puppetRepositoryContract(async () => openSealedMemory()));
