/** accounts and operators as the build has them: what a running manager says and does by its API, on both stores: embedded and MongoDB. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { runCli } from '../support/cli-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import type { Place } from '../support/place.js';
import { type PuppetServer, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

const SECRETS = {
  AUTH_PUPPET_TOKEN: 'marked-secret_of-puppets',
  AUTH_OPERATOR_TOKEN: 'marked-secret_of-operators',
};

onEachStoreNightly((newPlace) => {
  const app = newApp();
  const [taken, refused] = [newOpenKfId(), newOpenKfId()].sort() as [string, string];
  let place: Place;
  let manager: ManagerProcess;
  let puppet: PuppetServer;
  let env: Record<string, string>;

  beforeAll(async () => {
    place = newPlace();
    puppet = await startPuppetServer();
    manager = await startManager({ ...place.env, ...SECRETS });
    env = { AUTH_OPERATOR_TOKEN: SECRETS.AUTH_OPERATOR_TOKEN, PORT: new URL(manager.url).port };
    for (const [openKfId, endpoint] of [
      [taken, puppet.url],
      [refused, await refusedUrl()],
    ] as const) {
      await post('/puppetWxkfManager/register', SECRETS.AUTH_PUPPET_TOKEN, {
        ...registrationOf(app, openKfId, endpoint),
        kfName: '支持\u001b[31m',
      });
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
    }
  });

  afterAll(async () => {
    await manager.stop();
    await puppet.close();
    await place.discard();
  });

  async function post(path: string, secret: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
    const answer = await fetch(manager.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect([path, answer.status, answer.ok || (await answer.text())]).toEqual([path, 200, true]);
  }

  const list = (...args: string[]) => runCli(env, ...args);

  it('shows people a table that holds nothing that a terminal obeys', async () => {
    const { code, stdout, stderr } = await list('accounts');
    expect([code, stderr]).toEqual([0, '']);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ACCOUNT +NAME +CORP +STATE +ENDPOINT +LAST TAKEN +LAST FAILURE$/);
    expect(rows).toEqual([
      expect.stringMatching(
        new RegExp(`^${taken} +支持\\?\\[31m +${app.corpId} +online +http.* 20\\S+Z +-$`),
      ),
      expect.stringMatching(new RegExp(`^${refused} .* waiting .* - +no connection \\(ECONNREFUSED\\)$`)),
    ]);
  });

  it('gives programs what the API gives, by filter and limit', async () => {
    const { stdout } = await list('accounts', '--json', '--limit', '1', '--corp', app.corpId);
    expect(JSON.parse(stdout)).toEqual({
      items: [expect.objectContaining({ openKfId: taken })],
      hasMore: true,
    });
  });

  it('adds operators, whose tokens open what their role may, until another one or none is theirs', async () => {
    const operators = (...args: string[]) => runCli(env, 'operators', ...args);
    const statusOf = async (token: string, method = 'GET') => {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${manager.url}/api/v1/bots/nobody`, { method, headers });
      return answer.status;
    };
    const added = await operators('add', 'alice', '--role', 'reader');
    expect([added.code, added.stderr]).toEqual([0, expect.stringMatching(/^alice is added, .* once:\n$/)]);
    const token = added.stdout.trim();
    expect(token).toMatch(/^wxop_[\w-]{43}$/);
    expect([await statusOf(token), await statusOf(token, 'DELETE')]).toEqual([404, 403]);
    expect((await operators()).stdout).toMatch(/^NAME .*\nalice +reader +20\S+Z +\S{12} +20\S+Z\n$/);
    const asReader = await runCli({ ...env, AUTH_OPERATOR_TOKEN: token }, 'operators', 'remove', 'alice');
    expect([asReader.code, asReader.stderr]).toEqual([1, expect.stringMatching(/403 AUTH_READER: .*admin/)]);
    const { token: next } = JSON.parse((await operators('renew', 'alice', '--json')).stdout);
    expect([await statusOf(token), await statusOf(next)]).toEqual([401, 404]);
    expect((await operators('remove', 'alice')).stdout).toBe('alice is removed\n');
    expect(await statusOf(next)).toBe(401);
    const audited = async (query: string) => {
      const headers = { authorization: `Bearer ${SECRETS.AUTH_OPERATOR_TOKEN}` };
      const answer = await fetch(`${manager.url}/api/v1/audit?${query}`, { headers });
      return ((await answer.json()) as { items: Record<string, unknown>[] }).items;
    };
    await until(async () => (await audited('operator=shared+secret'))[0]?.method === 'DELETE');
    expect((await audited('operator=shared+secret'))[0]).toMatchObject({
      ...{ method: 'DELETE', path: '/api/v1/operators/alice', from: '127.0.0.1' },
      ...{ status: 200, route: '/api/v1/operators/:name' },
    });
    expect(await audited('operator=alice')).toMatchObject([
      { method: 'DELETE', path: '/api/v1/operators/alice', status: 403 },
      { method: 'DELETE', path: '/api/v1/bots/nobody', status: 403 },
    ]);
    expect(JSON.stringify(await audited('limit=200'))).not.toMatch(/wxop_|marked-secret/);
  });

  it('tells in one line what is wrong, and no secret', async () => {
    const closed = await refusedUrl();
    const secret = 'marked-secret_that-is-wrong';
    const [wrong, silent] = await Promise.all([
      runCli({ ...env, AUTH_OPERATOR_TOKEN: secret }, 'operators'),
      runCli(env, 'operators', '--url', closed),
    ]);
    expect(wrong.stderr).toMatch(/401 AUTH_WRONG.*AUTH_OPERATOR_TOKEN/);
    expect(silent.stderr).toMatch(/^http\S+ does not answer \(connection ECONNREFUSED\); start the manager/);
    for (const { code, stdout, stderr } of [wrong, silent])
      expect([code, stdout, stderr.includes(secret), stderr.trimEnd().split('\n').length]).toEqual([
        ...[1, '', false, 1],
      ]);
  });
});
