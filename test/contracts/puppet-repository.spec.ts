import { describe, expect, it } from '@jest/globals';
import { PuppetRepository } from '../../src/storage/puppets/puppet.repository.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, newSecretsKey, sealedPlace } from '../support/place.js';
import { revealed, saved } from '../support/puppets.js';
import { findStored } from '../support/stored-bytes.js';
import { mongoPlace, onEachStore } from '../support/each-store.js';
import { openRepository, openStore, toRepository } from '../support/stores.js';
import { puppetRepositoryContract } from './puppet-repository.contract.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('embedded, sealed', () =>
  puppetRepositoryContract(() => openRepository(sealedPlace(embeddedPlace()))));
mongoSuite('mongodb, sealed', () => {
  const open = keptMongo(sealedPlace(mongoPlace()));
  puppetRepositoryContract(async () => toRepository(await open()));
});

onEachStore((newPlace) => {
  it('a puppet is stored sealed, and keeps its secrets through a goodbye that is written without their key', async () => {
    const place = newPlace();
    const sealed = sealedPlace(place);
    const first = await openStore({ ...sealed, discard: async () => {} });
    const puppet = await saved(first.get(PuppetRepository), {}, NOW_MS);
    await first.close();
    expect(await findStored(place, ['corp-secret', 'callbackToken1'])).toEqual([]);
    const other = await openStore({ ...sealedPlace(place, newSecretsKey()), discard: async () => {} });
    expect(await other.get(PuppetRepository).markOffline(puppet, NOW_MS)).toMatchObject({ online: false });
    expect(revealed(await other.get(PuppetRepository).find(puppet.openKfId))?.corpSecret).toBe('');
    await other.close();
    const again = await openStore(sealed);
    const found = revealed(await again.get(PuppetRepository).find(puppet.openKfId));
    expect(found).toMatchObject({ online: false, corpSecret: 'corp-secret' });
    await again.close();
  });
});
