/** What a manager without any role's secret is reached by: where it listens, and by which names. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli } from '../support/cli-process.js';
import { image } from '../support/dockerfile.js';
import { type CallAnswer, call, jsonOf, openSocket } from '../support/http-call.js';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { kfMessageXml, newApp, newOpenKfId, sealCallback, sealVerification } from '../support/wecom.js';

const FOREIGN = 'evil.example:7777';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-open-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function refusedStart(env: Record<string, string>): Promise<string> {
  const manager = spawnManager({ DATA_DIR: folder, ...env }, folder);
  expect(await manager.exited).toBe(1);
  expect(manager.log).toEqual([]);
  return manager.output();
}

describe('a start without a secret', () => {
  it('on all addresses is refused, with what to do', async () => {
    const said = await refusedStart({ HOST: '::', METRICS_TOKEN: 'secret-of-the-metrics' });
    expect(said).toContain('1 mistake(s)');
    expect(said).toContain(
      'HOST: :: lets other hosts reach it, and no role has a secret; set AUTH_PUPPET_TOKEN',
    );
    expect(said).toMatch(/keys generate .*ALLOW_OPEN=true/);
  });

  it('is refused together with all other mistakes', async () => {
    const said = await refusedStart({ HOST: '0.0.0.0', PORT: 'x', ALLOWED_HOSTS: 'wxkf:7777' });
    expect(said).toMatch(/3 mistake\(s\):\n {2}PORT: .+\n {2}ALLOWED_HOSTS: .+\n {2}HOST: /);
  });

  it('of the image is refused, and goes on with the secrets that keys generate adds', async () => {
    const env = { ...image.env, PORT: '0', DATA_DIR: folder };
    expect(await refusedStart(env)).toContain('HOST: 0.0.0.0');
    const envFile = join(folder, '.env');
    expect((await runCli(env, 'keys', 'generate', '--add-to', envFile)).code).toBe(0);
    const manager = await startManager(env, folder);
    await manager.stop();
    expect(manager.log.filter(({ msg }) => msg === 'manager.unprotected')).toEqual([]);
  });

  it('is what check is told of, and nothing that keeps commands from working', async () => {
    const env = { DATA_DIR: folder, HOST: '0.0.0.0' };
    const [checked, exported, resealed] = [
      await runCli(env, 'check'),
      await runCli(env, 'export', '--plain'),
      await runCli(env, 'reseal', '--plain'),
    ];
    expect([checked.code, checked.stdout]).toEqual([
      1,
      expect.stringMatching(/^failed +configuration HOST: 0\.0\.0\.0 .*ALLOW_OPEN=true/),
    ]);
    expect([exported.code, resealed.code]).toEqual([0, 0]);
  });
});

/** As each of its operations stands in /docs-json. */
interface Route {
  readonly method: string;
  readonly path: string;
  readonly isForAnyone: boolean;
}

/** What the command of the README, in both languages, has docker run. */
function dockerOptions(): string[] {
  const [command = '', translated] = ['README.md', 'README.zh-CN.md'].map((file) =>
    dockerRunOf(readFileSync(file, 'utf8')),
  );
  expect(translated).toBe(command);
  return command.split(' ');
}

/** The options of the one `docker run` that a document prints. */
function dockerRunOf(document: string): string {
  const [[, options = ''] = [], ...more] = document.matchAll(/^docker run (.*)$/gm);
  expect(more).toEqual([]);
  return options;
}

const after = (options: readonly string[], name: string): string[] =>
  options.filter((_option, at) => options[at - 1] === name);

const asDockerRuns = (): Record<string, string> => ({
  ...image.env,
  PORT: '0',
  ...Object.fromEntries(after(dockerOptions(), '-e').map((pair) => pair.split('='))),
});

it('docker publishes the port of the command in the README for this machine alone', () => {
  expect(after(dockerOptions(), '-p')).toEqual([`127.0.0.1:${image.env.PORT}:${image.env.PORT}`]);
});

describe.each([
  ['on loopback', '127.0.0.1', () => ({})],
  ['on all addresses, as the command of the README has docker run it,', '0.0.0.0', asDockerRuns],
])('an open manager %s', (_where, host, env) => {
  const app = newApp();
  let data: string;
  let manager: ManagerProcess;
  let puppet: PuppetServer;
  let routes: Route[];

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'wxkf-open-'));
    const ALLOWED_HOSTS = 'wxkf-manager,WXKF.example.';
    [manager, puppet] = await Promise.all([
      startManager({ ...env(), DATA_DIR: data, ALLOWED_HOSTS }, data),
      startPuppetServer(),
    ]);
    const { paths } = jsonOf(await call(`${manager.url}/docs-json`)) as {
      readonly paths: Record<string, Record<string, { readonly 'x-allowed-callers': unknown }>>;
    };
    routes = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{\w+\}/g, 'x'),
        // Whoever has the key in the path of a bot is no page of another site.
        isForAnyone: ['anyone', 'bots', 'replicas'].includes(String(operation['x-allowed-callers'])),
      })),
    );
  });

  afterAll(async () => {
    await Promise.all([manager.stop(), puppet.close()]);
    rmSync(data, { recursive: true, force: true });
  });

  /** Whether it is refused for the name: by its code, or in WeCom's shape. */
  function isRefused({ status, body }: CallAnswer): boolean {
    return status === 403 && body.includes("only under the manager's own names");
  }

  async function refusedRoutes(name: string): Promise<Route[]> {
    const judged = routes.map(async (route) => {
      const answer = await call(manager.url + route.path, { method: route.method, headers: ['Host', name] });
      return isRefused(answer) ? [route] : [];
    });
    return (await Promise.all(judged)).flat();
  }

  const shown = ({ method, path }: Route): string => `${method} ${path}`;

  it('warns of it once', () => {
    const warnings = manager.log.filter(({ msg }) => msg === 'manager.unprotected');
    expect(warnings).toEqual([expect.objectContaining({ host })]);
  });

  it('refuses another name on every route of a role, and on no other', async () => {
    const ofRoles = routes.filter(({ isForAnyone }) => !isForAnyone).map(shown);
    expect(ofRoles).toEqual(
      expect.arrayContaining([
        'POST /puppetWxkfManager/register',
        'GET /metrics',
        'POST /callback/decrypted/x',
      ]),
    );
    expect(routes.length - ofRoles.length).toBeGreaterThan(5);
    expect((await refusedRoutes(FOREIGN)).map(shown)).toEqual(ofRoles);
  });

  const statusOf = async (...headers: string[]): Promise<CallAnswer> =>
    call(`${manager.url}/api/v1/status`, { headers });

  it.each([
    'localhost',
    'LocalHost.:7777',
    'bot.localhost:7777',
    '127.0.0.1:7777',
    '10.0.0.5',
    '[::1]:7777',
    '[fd00::5]',
    hostname(),
    `${hostname().toUpperCase()}:7777`,
    hostname().replace(/\..*/, ''),
    'wxkf-manager:7777',
    'WXKF.EXAMPLE',
    'wxkf.example.:443',
  ])('answers as %s', async (name) => expect((await statusOf('Host', name)).status).toBe(200));

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'a.wxkf.example',
    'wxkf',
    'host.docker.internal:7777',
    'host.containers.internal',
    '127.0.0.1@evil.example',
    '',
  ])('does not answer as "%s", and says which name it was', async (name) => {
    const answer = await statusOf('Host', name);
    expect([answer.status, jsonOf(answer)]).toEqual([
      403,
      expect.objectContaining({
        error: 'AUTH_HOST_FOREIGN',
        message: expect.stringMatching(
          RegExp(`ALLOWED_HOSTS.*AUTH_.*: the header Host is ${RegExp.escape(name)}$`),
        ),
      }),
    ]);
  });

  it('answers no page of another host, by whatever name that calls', async () => {
    for (const origin of ['https://evil.example', 'http://10.0.0.6', 'http://host.docker.internal', 'null']) {
      const refused = jsonOf(await statusOf('Host', '10.0.0.5:7777', 'Origin', origin));
      expect(refused).toMatchObject({
        error: 'AUTH_HOST_FOREIGN',
        message: expect.stringMatching(/: the header Origin is /),
      });
    }
    for (const origin of ['http://10.0.0.5:7777', 'http://localhost:3000', 'https://wxkf.example'])
      expect((await statusOf('Host', '10.0.0.5:7777', 'Origin', origin)).status).toBe(200);
  });

  it('answers a program that says no name at all', async () => {
    const answer = await text(openSocket(manager.url, 'GET /api/v1/status HTTP/1.0\r\n\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("takes WeCom's callbacks under any name", async () => {
    const openKfId = newOpenKfId();
    await register(manager.url, app, openKfId, puppet.url);
    const query = new URLSearchParams(sealVerification(app, '1616140317555161061'));
    const url = `${manager.url}/callback/${app.corpId}`;
    const verified = await call(`${url}?${query}`, { headers: ['Host', FOREIGN] });
    expect([verified.status, verified.body.toString()]).toEqual([200, '1616140317555161061']);
    const callback = sealCallback(app, kfMessageXml(app, openKfId));
    const arrived = puppet.next();
    const taken = await call(`${url}?${new URLSearchParams(callback.query)}`, {
      method: 'POST',
      headers: ['Host', FOREIGN, 'Content-Type', 'text/xml'],
      body: callback.body,
    });
    expect([taken.status, taken.body.toString()]).toEqual([200, 'success']);
    expect((await arrived).path).toBe('/callback');
  });

  it('asks for the tokens of its named operators as soon as there are any, at the console too', async () => {
    const at = (path: string) => `${manager.url}${path}`;
    const post = (path: string, body: object) =>
      fetch(at(path), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-wxkf-console': '1' },
        body: JSON.stringify(body),
      });
    const session = async () => (await fetch(at('/console/session'))).json();
    expect(await session()).toMatchObject({ isSignedIn: true, isAsked: false });
    const added = await post('/api/v1/operators', { name: 'alice', role: 'admin' });
    const { token } = (await added.json()) as { token: string };
    const refused = await fetch(at('/api/v1/status'));
    expect(refused.status).toBe(401);
    expect(await refused.text()).toContain('AUTH_OPERATOR_TOKEN, or the token of an operator');
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(at('/api/v1/status'), { headers })).status).toBe(200);
    expect(await session()).toMatchObject({ isSignedIn: false, isAsked: true });
    // Nothing of the settings is there to sign a session with.
    const signIn = await post('/console/session', { token });
    expect([signIn.status, (await signIn.json()) as object]).toMatchObject([
      401,
      { error: 'AUTH_ROLE_CLOSED' },
    ]);
    expect((await fetch(at('/api/v1/operators/alice'), { method: 'DELETE', headers })).status).toBe(200);
    expect((await fetch(at('/api/v1/status'))).status).toBe(200);
  });
});

it('a manager with a secret of one role listens on every address, answers under any name, and says which roles are closed', async () => {
  const AUTH_OPERATOR_TOKEN = 'marked-secret_of-operators';
  const manager = await startManager({ DATA_DIR: folder, AUTH_OPERATOR_TOKEN }, folder);
  const { settings } = await manager.line(({ msg }) => msg === 'manager.starting');
  expect(settings).toMatchObject({ HOST: '0.0.0.0', AUTH_OPERATOR_TOKEN: '1 secret(s)' });
  const { roles, reason } = await manager.line(({ msg }) => msg === 'roles.closed');
  expect(roles).toEqual(['puppet', 'gateway']);
  expect(reason).toMatch(/set AUTH_PUPPET_TOKEN, AUTH_GATEWAY_TOKEN$/);
  const url = `${manager.url}/api/v1/status`;
  const authorization = ['Authorization', `Bearer ${AUTH_OPERATOR_TOKEN}`];
  expect((await call(url, { headers: ['Host', FOREIGN, ...authorization] })).status).toBe(200);
  expect(jsonOf(await call(url, { headers: ['Host', FOREIGN] })).error).toBe('AUTH_MISSING');
  await manager.stop();
  expect(manager.log.filter(({ msg }) => msg === 'manager.unprotected')).toEqual([]);
  expect(manager.output()).not.toContain('marked-secret');
});
