/** What MONGO_URI asks of the driver that other programs may be content with, and managers are not. */
import { expect, it } from '@jest/globals';
import { MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { mongoPlace } from '../support/each-store.js';
import { mongoSuite } from '../support/mongo/database.js';
import { openStore } from '../support/stores.js';

mongoSuite('a manager on MongoDB', () => {
  it.each([
    // As the console of a hosted MongoDB gives it.
    ['readPreference=secondaryPreferred&retryWrites=false', { retryWrites: false }],
    ['readPreference=secondary&maxStalenessSeconds=120&appName=bots', {}],
    ['readPreference=nearest&readPreferenceTags=dc:ny&readPreferenceTags=', {}],
    ['w=1&journal=false', {}],
    ['retryReads=false&w=0&j=false', { retryReads: false }],
  ])('reads from the primary, and counts what a majority has on its disks: %s', async (options, others) => {
    const place = mongoPlace();
    const [path = '', query = ''] = (place.env.MONGO_URI ?? '').split('?');
    const uri = `${path}?${query === '' ? '' : `${query}&`}${options}`;
    const { get, close } = await openStore({ ...place, env: { MONGO_URI: uri } });
    try {
      const client = get(MongoStore).collection('any').conn.getClient();
      expect(client.options).toMatchObject({
        readPreference: { mode: 'primary', tags: undefined, maxStalenessSeconds: undefined },
        writeConcern: { w: 'majority', journal: true },
        ...others,
      });
    } finally {
      await close();
    }
  });
});
