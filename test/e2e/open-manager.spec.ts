/** What a manager without any role's secret is reached by: where it listens, and by which names. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCli } from '../support/cli-process.js';
import { image } from '../support/dockerfile.js';
import { type CallAnswer, call, jsonOf, openSocket } from '../support/http-call.js';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { kfMessageXml, newApp, newOpenKfId, sealCallback, sealVerification } from '../support/wecom.js';

const FOREIGN = 'evil.example:7777';

// The other starts that are refused are in config.spec.ts.
it('the image is not started without a secret, and is with those that keys generate adds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wxkf-open-'));
  const env = { ...image.env, PORT: '0', DATA_DIR: folder };
  const refused = spawnManager(env, folder);
  expect([await refused.exited, refused.log]).toEqual([1, []]);
  expect(refused.output()).toMatch(/1 mistake\(s\)[^]*HOST: 0\.0\.0\.0 .*keys generate .*ALLOW_OPEN=true/);
  expect((await runCli(env, 'keys', 'generate', '--add-to', join(folder, '.env'))).code).toBe(0);
  const manager = await startManager(env, folder);
  await manager.stop();
  expect(manager.log.filter(({ msg }) => msg === 'manager.unprotected')).toEqual([]);
  rmSync(folder, { recursive: true });
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

// One on loopback is in browsers.spec.ts, and all kinds of names are in gate.spec.ts.
describe('an open manager on all addresses, as the command of the README has docker run it,', () => {
  const app = newApp();
  let data: string;
  let manager: ManagerProcess;
  let puppet: PuppetServer;
  let routes: Route[];

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'wxkf-open-'));
    const ALLOWED_HOSTS = 'wxkf-manager,WXKF.example.';
    [manager, puppet] = await Promise.all([
      startManager({ ...asDockerRuns(), DATA_DIR: data, ALLOWED_HOSTS }, data),
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
        isForAnyone: ['anyone', 'bots'].includes(String(operation['x-allowed-callers'])),
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
    expect(warnings).toEqual([expect.objectContaining({ host: '0.0.0.0' })]);
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

  it('answers under its own names', async () => {
    for (const name of [
      'bot.localhost:7777',
      '[::1]:7777',
      `${hostname()}:7777`,
      'wxkf-manager:7777',
      'WXKF.EXAMPLE',
    ])
      expect([name, (await statusOf('Host', name)).status]).toEqual([name, 200]);
  });

  it('does not answer under another, and says which name it was', async () => {
    for (const name of ['localhost.evil.example', 'host.docker.internal:7777', '']) {
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
    }
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
