/** What the others say of a replica that ends, on one MongoDB: each writes once a minute that it is there. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { StatusAnswer } from '../../src/insight/verdict/status.dto.js';
import { answerAs } from '../support/answers.js';
import { mongoPlace } from '../support/each-store.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { Place } from '../support/place.js';
import { until } from '../support/until.js';

/** A minute until all have written, two until it is noticed, and one that has begun. */
const LIMIT_MS = 300_000;

mongoSuite('three managers on one database', () => {
  let place: Place;
  let managers: ManagerProcess[];

  beforeEach(async () => {
    place = mongoPlace();
    managers = await Promise.all([1, 2, 3].map(() => startManager(place.env)));
  });

  afterEach(async () => {
    await Promise.all(managers.map((manager) => manager.stop()));
    await place.discard();
  });

  const status = async ({ url }: ManagerProcess) =>
    answerAs(StatusAnswer, await (await fetch(`${url}/api/v1/status`)).json());

  async function allHaveWritten(): Promise<void> {
    const client = await mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? '');
    try {
      const seen = client.db().collection('wxkfseen');
      await until(async () => (await seen.countDocuments()) >= managers.length);
    } finally {
      await client.close();
    }
  }

  it(
    'name the one that was killed, and not the one that was stopped',
    async () => {
      const [here, killed, stopped] = managers as [ManagerProcess, ManagerProcess, ManagerProcess];
      const { replica } = await status(killed);
      await allHaveWritten();
      const beforeMs = Date.now();
      expect(await stopped.stop()).toBe(0);
      await killed.stop('SIGKILL');
      await until(async () => (await status(here)).verdict.causes.length > 0);
      const { state, causes } = (await status(here)).verdict;
      expect({ state, causes }).toMatchObject({
        state: 'degraded',
        causes: [{ code: 'replica_away', severity: 'wait', count: 1, replica }],
      });
      expect(Date.parse(causes[0]?.since ?? '')).toBeLessThan(beforeMs);
    },
    LIMIT_MS,
  );
});
