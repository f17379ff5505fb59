/** The directory of streams on MongoDB; the embedded store, which one process uses, has none. */
import { expect, it } from '@jest/globals';
import { Secret } from '../../src/kernel/secret.js';
import { StreamDirectory } from '../../src/stream/replicas/stream-directory.js';
import { findStored } from '../support/stored-bytes.js';
import { mongoSuite } from '../support/mongo/database.js';
import { sealedPlace } from '../support/place.js';
import { mongoPlace } from '../support/each-store.js';
import { openStore } from '../support/stores.js';
import { type OpenedDirectory, streamDirectoryContract } from './stream-directory.contract.js';

async function openDirectory(place = mongoPlace()): Promise<OpenedDirectory> {
  const { get, close } = await openStore(place);
  return { directory: get(StreamDirectory), close };
}

mongoSuite('mongodb', () => {
  streamDirectoryContract(() => openDirectory());
  streamDirectoryContract(() => openDirectory(sealedPlace(mongoPlace())));

  it('stores no key of a replica in the clear where there is a key to seal it with', async () => {
    const place = sealedPlace(mongoPlace());
    const { directory, close } = await openDirectory(place);
    await directory.hold(
      { id: 'one', url: 'http://one', key: new Secret('marked-key') },
      Date.now() + 10_000,
      Date.now(),
    );
    expect(await findStored(place, ['marked-key'])).toEqual([]);
    await close();
  });
});
