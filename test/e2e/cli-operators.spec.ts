/** operators as the build has it: what a running manager says and does by its API, on both stores: embedded and MongoDB. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { runCli } from '../support/cli-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import type { Place } from '../support/place.js';
import { refusedUrl } from '../support/raw-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { until } from '../support/until.js';

const SECRETS = {
  AUTH_PUPPET_TOKEN: 'marked-secret_of-puppets',
  AUTH_OPERATOR_TOKEN: 'marked-secret_of-operators',
};

onEachStoreNightly((newPlace) => {
  let place: Place;
  let manager: ManagerProcess;
  let env: Record<string, string>;

  beforeAll(async () => {
    place = newPlace();
    manager = await startManager({ ...place.env, ...SECRETS });
    env = { AUTH_OPERATOR_TOKEN: SECRETS.AUTH_OPERATOR_TOKEN, PORT: new URL(manager.url).port };
  });

  afterAll(async () => {
    await manager.stop();
    await place.discard();
  });

  it('lists operators for people, and for programs what the API gives, by limit', async () => {
    const names = ['carol', 'dave'];
    for (const name of names) await runCli(env, 'operators', 'add', name, '--role', 'reader');
    const [, ...rows] = (await runCli(env, 'operators')).stdout.trimEnd().split('\n');
    expect(rows).toEqual(names.map((name) => expect.stringMatching(new RegExp(`^${name} +reader +20`))));
    const { code, stdout } = await runCli(env, 'operators', 'list', '--json', '--limit', '1');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      { items: [expect.objectContaining({ name: 'carol' })], hasMore: true },
    ]);
    for (const name of names) await runCli(env, 'operators', 'remove', name);
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
