/** What operators are told by the built process while its MongoDB is away. */
import { expect, it } from '@jest/globals';
import { TestedAnswer } from '../../src/api/accounts/accounts.dto.js';
import { AccountPageAnswer } from '../../src/api/accounts/account.dto.js';
import { HistoryAnswer } from '../../src/api/log/history-answer.dto.js';
import { StatusAnswer } from '../../src/api/status/status.dto.js';
import { answerAs } from '../support/answers.js';
import { startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { DatabaseLine } from '../support/mongo/outage.js';
import { register, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

mongoSuite('while MongoDB is away', () => {
  it('operators see what memory knows, null for what it does not, and 503 for the outbox', async () => {
    const database = await DatabaseLine.open();
    const puppet = await startPuppetServer();
    const manager = await startManager({ MONGO_URI: database.uri });
    const get = async (path: string, method = 'GET') => {
      const response = await fetch(`${manager.url}/api/v1/${path}`, { method });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const app = newApp();
    const openKfId = newOpenKfId();
    await register(manager.url, app, openKfId, puppet.url);
    // Until it has read who the operators are, it lets nobody in.
    await until(async () => (await get('apps')).status === 200);
    await database.cut();
    await sendMessage(manager.url, app, openKfId);

    let status = answerAs(StatusAnswer, (await get('status')).body);
    // What somebody asked just before the outage is shown for 2 s.
    await until(async () => {
      status = answerAs(StatusAnswer, (await get('status')).body);
      return !status.storage.up && status.counts.waiting === null;
    });
    expect(status).toMatchObject({ ready: true, storage: { kind: 'mongodb' }, oldestWaitingAgeS: null });
    expect(status.counts).toMatchObject({ accounts: 1, online: 1, dead: null });
    expect(status.lastMinute.delivered).toBe(1);
    // Of a minute that has ended nothing is known any more, since it could not be stored.
    await until(async () => {
      await sendMessage(manager.url, app, openKfId);
      const history = answerAs(HistoryAnswer, (await get('history')).body);
      expect(history.isStored).toBe(false);
      return history.items.some(({ delivered }) => delivered > 0);
    });
    const accounts = answerAs(AccountPageAnswer, (await get('accounts')).body);
    expect(accounts.items).toMatchObject([
      { openKfId, waiting: null, hint: null, lastDelivery: { status: 200 } },
    ]);
    const tested = answerAs(TestedAnswer, (await get(`accounts/${openKfId}/test`, 'POST')).body);
    expect(tested).toMatchObject({ taken: true, body: 'success' });
    const refusals = [
      ['hints', 'GET'],
      ['deliveries', 'GET'],
      [`hints/${openKfId}`, 'DELETE'],
      [`hints/${openKfId}/replay`, 'POST'],
    ].map(async ([path = '', method]) => {
      const { status: code, body } = await get(path, method);
      expect([path, code, body.error]).toEqual([path, 503, 'STORE_UNAVAILABLE']);
    });
    await Promise.all(refusals);
    expect(await manager.stop()).toBe(0);
    await puppet.close();
    await database.close();
  });
});
