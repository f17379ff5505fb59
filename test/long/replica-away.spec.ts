/**
 * One of three replicas dies, as the cause `replica_away` of `docs/console.md` tells of it. It takes four minutes: replicas write each
 * minute of the database's clock, which no test can set.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AccountAnswer } from '../../src/api/accounts/account.dto.js';
import { LoggedDeliveryPageAnswer } from '../../src/api/log/logged-delivery.dto.js';
import { StatusAnswer } from '../../src/api/status/status.dto.js';
import { answerAs } from '../support/answers.js';
import { mongoPlace } from '../support/each-store.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { Place } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { until, whenServed } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

const LIMIT_MS = 400_000;

mongoSuite('of three replicas on one database', () => {
  const app = newApp();
  let place: Place;
  let puppet: PuppetServer;
  let staying: ManagerProcess;
  let dying: ManagerProcess;
  let leaving: ManagerProcess;

  beforeAll(async () => {
    place = mongoPlace();
    puppet = await startPuppetServer();
    const start = () => startManager(place.env);
    [staying, dying, leaving] = await Promise.all([start(), start(), start()]);
  });

  afterAll(async () => {
    await staying.stop();
    await puppet.close();
    await place.discard();
  });

  /** @returns `null` for what the staying one does not know yet. */
  async function ask<T>(type: new () => T, path: string): Promise<T | null> {
    const response = await whenServed(() => fetch(`${staying.url}/api/v1/${path}`));
    const answer = await response.json();
    return response.status === 404 ? null : answerAs(type, answer);
  }

  async function away() {
    const status = await ask(StatusAnswer, 'status');
    return (status?.verdict.causes ?? []).filter(({ code }) => code === 'replica_away');
  }

  /** Has it take an event. @returns its id, once the staying one knows what the other wrote about itself and the event. */
  async function idOf(replica: ManagerProcess): Promise<string> {
    const openKfId = newOpenKfId();
    await register(replica.url, app, openKfId, puppet.url);
    expect((await whenServed(() => sendMessage(replica.url, app, openKfId))).status).toBe(200);
    await until(
      async () => ((await ask(AccountAnswer, `accounts/${openKfId}`))?.lastDelivery ?? null) !== null,
    );
    const log = await ask(LoggedDeliveryPageAnswer, `deliveries?openKfId=${openKfId}`);
    return String(log?.items[0]?.replica);
  }

  it(
    'the one that was killed is named until another process starts on its host, and the one that was stopped is not',
    async () => {
      const [killed] = await Promise.all([idOf(dying), idOf(leaving)]);
      expect(await leaving.stop()).toBe(0);
      const killedMs = Date.now();
      await dying.stop('SIGKILL');
      await until(async () => (await away()).length > 0);
      const causes = await away();
      expect(causes).toMatchObject([{ severity: 'wait', count: 1, replica: killed }]);
      const sinceMs = Date.parse(causes[0]?.since ?? '');
      expect(sinceMs).toBeLessThanOrEqual(killedMs);
      expect(Date.now() - sinceMs).toBeGreaterThanOrEqual(120_000);
      expect(Date.now() - killedMs).toBeLessThan(180_000);
      const next = await startManager(place.env);
      await until(async () => (await away()).length === 0);
      await next.stop();
    },
    LIMIT_MS,
  );
});
