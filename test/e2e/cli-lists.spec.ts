/** accounts, bots, deliveries, notify and operators as the build has them: what a running manager says and does by its API, on both stores: embedded and MongoDB. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
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
const WRONG_KEY = 'marked-secret_of-a-robot';

onEachStoreNightly((newPlace) => {
  const app = newApp();
  const [taken, refused] = [newOpenKfId(), newOpenKfId()].sort() as [string, string];
  let place: Place;
  let manager: ManagerProcess;
  let puppet: PuppetServer;
  let wecom: Simulator;
  let env: Record<string, string>;

  beforeAll(async () => {
    place = newPlace();
    puppet = await startPuppetServer();
    wecom = await startSimulator();
    const wrongUrl = `${wecom.url}/cgi-bin/webhook/send?key=${WRONG_KEY}`;
    const told = { NOTIFY_URL: `${wecom.robotUrl},${wrongUrl}`, WECOM_API_URL: wecom.url };
    manager = await startManager({ ...place.env, ...SECRETS, ...told });
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
    const bot = { name: 'Second bot', corpId: app.corpId, openKfIds: [newOpenKfId()], kind: 'puppet' };
    await post('/api/v1/bots', SECRETS.AUTH_OPERATOR_TOKEN, bot);
  });

  afterAll(async () => {
    await manager.stop();
    await puppet.close();
    await wecom.close();
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
    expect((await list('bots')).stdout).toMatch(
      /^ID .*\n\S+ +Second bot +ww\w+ +wk\S+ +puppet +event +closed/,
    );
    expect((await list('deliveries', '--account', taken)).stdout).toMatch(
      new RegExp(`^TIME .*\\n20\\S+Z +${taken} +callback +taken +1 +200 `),
    );
  });

  it('gives programs what the API gives, over pages and by filter', async () => {
    const read = async (...args: string[]) => JSON.parse((await list(...args, '--json')).stdout);
    expect(await read('accounts', '--limit', '1')).toEqual({
      items: [expect.objectContaining({ openKfId: taken })],
      hasMore: true,
    });
    const { items, hasMore } = await read('accounts', '--state', 'waiting', '--corp', app.corpId);
    expect([items.map(({ openKfId }: { openKfId: string }) => openKfId), hasMore]).toEqual([
      [refused],
      false,
    ]);
    expect((await read('deliveries', '--outcome', 'kept')).items[0]).toMatchObject({
      openKfId: refused,
    });
    expect((await read('bots', '--corp', 'nobody')).items).toEqual([]);
  });

  it('sends a test to who is told what needs attention, and says what came back', async () => {
    const { code, stdout } = await list('notify', '--test');
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(
        /^RECEIVER +SENT .*\nrobot +yes +200 +0 +-\nrobot +no +200 +93000 +WeCom answered errcode 93000: /,
      ),
    ]);
    expect(wecom.robot.messages).toMatchObject([{ content: expect.stringContaining('测试') }]);
    const told = await list('notify', '--json');
    expect([told.code, JSON.parse(told.stdout)]).toEqual([
      0,
      {
        items: Array(2).fill({
          ...{ kind: 'robot', host: new URL(wecom.url).host, troubles: 0, told: [] },
          ...{ id: expect.any(String), toldAt: null, failedAt: null, failure: null },
        }),
      },
    ]);
    for (const text of [stdout, told.stdout]) expect(text).not.toMatch(/marked-secret/);
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
    const again = await operators('add', 'alice', '--role', 'admin');
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/409 OPERATOR_EXISTS/)]);
    expect((await operators('remove', 'alice')).stdout).toBe('alice is removed\n');
    expect(await statusOf(next)).toBe(401);
    expect((await operators('remove', 'alice')).stderr).toMatch(/404 OPERATOR_NOT_FOUND/);
    const audited = async (query: string) => {
      const headers = { authorization: `Bearer ${SECRETS.AUTH_OPERATOR_TOKEN}` };
      const answer = await fetch(`${manager.url}/api/v1/audit?${query}`, { headers });
      return ((await answer.json()) as { items: Record<string, unknown>[] }).items;
    };
    await until(async () => (await audited('operator=shared+secret'))[0]?.status === 404);
    const [gone, removed] = await audited('operator=shared+secret');
    for (const entry of [gone, removed])
      expect(entry).toMatchObject({ method: 'DELETE', path: '/api/v1/operators/alice', from: '127.0.0.1' });
    expect(removed).toMatchObject({ status: 200, route: '/api/v1/operators/:name' });
    expect(await audited('operator=alice')).toMatchObject([
      { method: 'DELETE', path: '/api/v1/operators/alice', status: 403 },
      { method: 'DELETE', path: '/api/v1/bots/nobody', status: 403 },
    ]);
    expect(JSON.stringify(await audited('limit=200'))).not.toMatch(/wxop_|marked-secret/);
  });

  it('tells in one line what is wrong, and no secret', async () => {
    const closed = await refusedUrl();
    const secret = 'marked-secret_that-is-wrong';
    const [wrong, none, silent, withSecret, unknown, tooMany] = await Promise.all([
      runCli({ ...env, AUTH_OPERATOR_TOKEN: secret }, 'bots'),
      runCli({ PORT: env.PORT ?? '' }, 'bots'),
      list('accounts', '--url', closed),
      list('accounts', '--url', `http://operator:${secret}@127.0.0.1`),
      list('deliveries', '--outcome', 'lost'),
      list('deliveries', '--limit', '0'),
    ]);
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringMatching(/401 AUTH_WRONG.*AUTH_OPERATOR_TOKEN/),
    ]);
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringMatching(/401 AUTH_MISSING.*AUTH_OPERATOR_TOKEN/),
    ]);
    expect([silent.code, silent.stderr]).toEqual([
      1,
      expect.stringMatching(/^http\S+ does not answer \(connection ECONNREFUSED\); start the manager/),
    ]);
    expect([withSecret.code, withSecret.stderr]).toEqual([
      2,
      expect.stringMatching(/^error: --url must have no/),
    ]);
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/400 REQUEST_INVALID: .*outcome/),
    ]);
    expect([tooMany.code, tooMany.stderr]).toEqual([2, expect.stringMatching(/^error: --limit must be/)]);
    for (const { stdout, stderr } of [wrong, none, silent, withSecret])
      expect([stdout, stderr.includes(secret), stderr.trimEnd().split('\n').length <= 2]).toEqual([
        '',
        false,
        true,
      ]);
  });
});
