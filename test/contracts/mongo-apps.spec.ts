/** What processes on one database see of each other's apps, and what it costs to look. On MongoDB. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { SystemClock } from '../../src/kernel/clock.js';
import type { App } from '../../src/registry/apps/app.js';
import { AppRepository } from '../../src/registry/apps/app.repository.js';
import { storedApp } from '../support/apps.js';
import { mongoSuite } from '../support/mongo/database.js';
import { mongoPlace } from '../support/each-store.js';
import { type OpenedStore, openStore } from '../support/stores.js';

const NOW_MS = Date.UTC(2026, 5, 7, 8, 9, 10, 123);

class AheadClock extends SystemClock {
  aheadMs = 0;

  override elapsedMs(): number {
    return super.elapsedMs() + this.aheadMs;
  }
}

mongoSuite('apps of one MongoDB', () => {
  const clock = new AheadClock();
  let stores: OpenedStore[];
  let here: AppRepository;
  let elsewhere: AppRepository;
  let client: mongoose.mongo.MongoClient;
  let documents: mongoose.mongo.Collection<{ _id: string }>;

  beforeEach(async () => {
    const place = mongoPlace();
    const [one, other] = [await openStore(place, clock), await openStore(place, new SystemClock())];
    stores = [one, other];
    [here, elsewhere] = [one.get(AppRepository), other.get(AppRepository)];
    client = await mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? '');
    documents = client.db().collection('wxkfapps');
  });

  afterEach(async () => {
    await client.close();
    for (const store of stores) await store.close();
  });

  const one = storedApp();
  const two = storedApp({ corpId: 'ww2' });
  const listed = async (): Promise<string[]> => (await here.list()).map(({ id }) => id).sort();
  const ids = (...apps: App[]): string[] => apps.map(({ id }) => id).sort();

  it('are seen as soon as another process has changed them, whatever it changed', async () => {
    expect(await listed()).toEqual([]);
    await elsewhere.add(one);
    expect(await listed()).toEqual(ids(one));
    await elsewhere.add(two);
    expect(await listed()).toEqual(ids(one, two));
    await elsewhere.replace({ ...two, name: 'another' });
    expect((await here.list()).map(({ name }) => name)).toContain('another');
    await elsewhere.markVerified(one.id, NOW_MS);
    expect((await here.list()).map(({ verifiedAtMs }) => verifiedAtMs)).toContain(NOW_MS);
    await elsewhere.remove(one.id);
    expect(await listed()).toEqual(ids(two));
  });

  it('are seen when many processes change them at the same time', async () => {
    const apps = Array.from({ length: 20 }, (_, n) => storedApp({ corpId: `ww${n}` }));
    await Promise.all(apps.map((app, n) => (n % 2 === 0 ? here : elsewhere).add(app)));
    expect(await listed()).toEqual(ids(...apps));
  });

  it('are read anew where none told of a change, after a minute and not before', async () => {
    await elsewhere.add(one);
    expect(await listed()).toEqual(ids(one));
    // By a person, or by a process that died in the middle.
    await documents.deleteOne({ _id: one.id });
    expect(await listed()).toEqual(ids(one));
    clock.aheadMs += 60_000;
    expect(await listed()).toEqual([]);
  });
});
