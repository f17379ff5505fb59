/** What an account is told to have got last, when that was before what a manager reads of its log at the start. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection } from 'mongoose';
import { AccountAnswer } from '../../src/api/accounts/account.dto.js';
import { firstIdAt, timeOfId } from '../../src/storage/journal/journal.js';
import { answerAs } from '../support/answers.js';
import { onEachStore } from '../support/each-store.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import type { Place } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

/** At its start a manager reads the deliveries of one day. */
const OLDER_MS = 2 * 86_400_000;

const TIME_LENGTH = firstIdAt(0).length;
const olderId = (id: string) => firstIdAt(timeOfId(id) - OLDER_MS) + id.slice(TIME_LENGTH);

/** Makes all records of the log older. The attempt in a record keeps its own time. */
async function age({ env }: Place): Promise<void> {
  if (env.MONGO_URI === undefined) {
    const database = new DatabaseSync(join(env.DATA_DIR ?? '', 'log.db'));
    const ids = database.prepare('SELECT id FROM deliveries').all() as { id: string }[];
    const change = database.prepare('UPDATE deliveries SET id = ?, atMs = atMs - ? WHERE id = ?');
    for (const { id } of ids) change.run(olderId(id), OLDER_MS, id);
    database.close();
    return;
  }
  const connection = await createConnection(env.MONGO_URI).asPromise();
  const deliveries = connection.collection<{ _id: string; atMs: number }>('wxkfdeliveries');
  for (const one of await deliveries.find().toArray()) {
    await deliveries.deleteOne({ _id: one._id });
    await deliveries.insertOne({ ...one, _id: olderId(one._id), atMs: one.atMs - OLDER_MS });
  }
  await connection.close();
}

onEachStore((newPlace) => {
  describe('an account whose last delivery was two days before the start', () => {
    const app = newApp();
    const openKfId = newOpenKfId();
    let place: Place;
    let puppet: PuppetServer;
    let manager: ManagerProcess;

    beforeAll(async () => {
      place = newPlace();
      puppet = await startPuppetServer();
      manager = await startManager(place.env);
    });

    afterAll(async () => {
      await manager.stop();
      await puppet.close();
      await place.discard();
    });

    const get = async (path: string): Promise<unknown> =>
      (await fetch(`${manager.url}/api/v1/${path}`)).json();
    const account = async () => answerAs(AccountAnswer, await get(`accounts/${openKfId}`));

    it('is answered with it all the same, and after it was forgotten without it', async () => {
      await register(manager.url, app, openKfId, puppet.url);
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      await until(async () => {
        const { items } = (await get(`deliveries?openKfId=${openKfId}`)) as { items: unknown[] };
        return items.length > 0;
      });
      const { lastDelivery } = await account();
      expect(lastDelivery).not.toBeNull();
      await manager.stop();
      await age(place);
      manager = await startManager(place.env);
      expect((await account()).lastDelivery).toEqual(lastDelivery);
      expect((await fetch(`${manager.url}/api/v1/accounts/${openKfId}`, { method: 'DELETE' })).ok).toBe(true);
      await register(manager.url, app, openKfId, puppet.url);
      expect((await account()).lastDelivery).toBeNull();
    });
  });
});
