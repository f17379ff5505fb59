/** Who may call which route of the built process, and what the others are told. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { HEALTH_STATUS } from '../support/health-status.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { registrationOf } from '../support/puppet-server.js';
import { newApp, newOpenKfId } from '../support/wecom.js';

const SECRETS = {
  puppet: ['marked-secret_of-puppets-1', 'marked-secret_of-puppets-2'],
  gateway: ['marked-secret_of-gateways'],
  operator: ['marked-secret_of-operators'],
} as const;
const UNKNOWN = 'marked-secret_of-nobody';
const ALL_ROLES = {
  AUTH_PUPPET_TOKEN: SECRETS.puppet.join(', '),
  AUTH_GATEWAY_TOKEN: SECRETS.gateway.join(),
  AUTH_OPERATOR_TOKEN: SECRETS.operator.join(),
};

type Role = keyof typeof SECRETS;
type Route = readonly [method: string, path: string, passed: unknown];

/** `passed` is what the route itself answers to a request without a query or body: nobody else does. */
const ROUTES_OF: Readonly<Record<Role, readonly Route[]>> = {
  puppet: [
    ['POST', '/puppetWxkfManager/register', 415],
    ['POST', '/puppetWxkfManager/deregister', 415],
  ],
  gateway: [['POST', '/callback/decrypted/ww1', 415]],
  operator: [
    ['GET', '/puppetWxkfManager/puppetWxkfInfo/wk1', 404],
    ['HEAD', '/puppetWxkfManager/puppetWxkfInfo/wk1', 404],
    ['GET', '/api/v1/status', 200],
    ['GET', '/api/v1/history', 200],
    ['GET', '/api/v1/accounts', 200],
    ['GET', '/api/v1/corps/ww1/accounts', 404],
    ['GET', '/api/v1/accounts/wk1', 404],
    ['DELETE', '/api/v1/accounts/wk1', 404],
    ['POST', '/api/v1/accounts/wk1/test', 404],
    ['GET', '/api/v1/hints', 200],
    ['GET', '/api/v1/hints/count', 400],
    ['POST', '/api/v1/hints/replay', 415],
    ['POST', '/api/v1/hints/wk1/replay', 404],
    ['DELETE', '/api/v1/hints/wk1', 404],
    ['GET', '/api/v1/messages', 200],
    ['POST', '/api/v1/messages/replay', 415],
    ['POST', `/api/v1/messages/wk1/msg_${'a'.repeat(27)}/replay`, 404],
    ['DELETE', `/api/v1/messages/wk1/msg_${'a'.repeat(27)}`, 404],
    ['GET', '/api/v1/deliveries', 200],
    ['GET', '/api/v1/deliveries/00000000000000000000', 404],
    ['GET', '/api/v1/refused-callbacks', 200],
    ['HEAD', '/api/v1/stream', 200],
    ['GET', '/api/v1/wecom-errors', 200],
    ['GET', '/api/v1/wecom-errors/calls', 200],
    ['GET', '/api/v1/callback-verification', 400],
  ],
};
const OPEN_ROUTES: readonly Route[] = [
  ['GET', '/callback/ww1', 400],
  ['POST', '/callback/ww1', 400],
  ['GET', '/health', HEALTH_STATUS],
  ['GET', '/health/live', 200],
  ['HEAD', '/health/ready', 200],
];
const ROLES = Object.keys(SECRETS) as Role[];
const CLOSED_ROUTES = ROLES.flatMap((role) => ROUTES_OF[role].map((route) => ({ role, route })));

const bearer = (secret: string): string => `Bearer ${secret}`;
const basic = (secret: string): string => `Basic ${Buffer.from(`anybody:${secret}`).toString('base64')}`;

/** So that each request may be of another caller, and none is told that it failed too often. */
const CALLERS = { HOST: '127.0.0.1', TRUST_PROXY: '127.0.0.1' };
let callers = 0;

describe('a manager', () => {
  let place: Place;
  let manager: ManagerProcess;

  function managerWith(env: Readonly<Record<string, string>>): void {
    beforeAll(async () => {
      place = embeddedPlace();
      manager = await startManager({ ...place.env, ...CALLERS, LOG_LEVEL: 'trace', ...env });
    });

    afterAll(async () => {
      await manager.stop();
      // After all that was sent: neither a secret nor what carries one.
      for (const secret of [...Object.values(SECRETS).flat(), UNKNOWN]) {
        expect(manager.output()).not.toContain(secret);
        expect(manager.output()).not.toContain(basic(secret).slice('Basic '.length));
      }
      await place.discard();
    });
  }

  async function ask([method, path]: Route, authorization?: string) {
    callers++;
    const response = await fetch(manager.url + path, {
      method,
      headers: {
        'x-forwarded-for': `10.0.${callers >> 8}.${callers & 255}`,
        ...(authorization !== undefined && { authorization }),
      },
    });
    const body = await response.text();
    expect(body).not.toContain('marked-secret');
    const { error, message } = body.startsWith('{') ? JSON.parse(body) : {};
    return { status: response.status, error, message, challenge: response.headers.get('www-authenticate') };
  }

  const CHALLENGE = 'Bearer realm="wxkf-manager", Basic realm="wxkf-manager", charset="UTF-8"';

  describe('with a secret for each role', () => {
    managerWith(ALL_ROLES);

    it.each(ROLES)('a %s may call its own routes, and is told whose the others are', async (caller) => {
      for (const { role, route } of CLOSED_ROUTES) {
        const { status, error, message, challenge } = await ask(route, bearer(SECRETS[caller][0]));
        if (role === caller) expect([route, status, challenge]).toEqual([route, route[2], null]);
        else {
          expect([route, status, challenge]).toEqual([route, 403, null]);
          if (route[0] === 'HEAD') continue;
          expect(error).toBe('AUTH_ROLE_FORBIDDEN');
          expect(message).toMatch(new RegExp(`of a role that may: ${role}$`));
        }
      }
    });

    it('every secret of a role counts, as Bearer and as Basic', async () => {
      for (const role of ROLES) {
        const [route] = ROUTES_OF[role] as [Route];
        for (const secret of SECRETS[role])
          for (const carry of [bearer, basic])
            expect(await ask(route, carry(secret))).toMatchObject({ status: route[2], challenge: null });
      }
    });

    it('nobody may call them without credentials, or by wrong ones', async () => {
      for (const { role, route } of CLOSED_ROUTES) {
        const missing = await ask(route);
        const wrong = await ask(route, bearer(UNKNOWN));
        for (const { status, challenge } of [missing, wrong])
          expect([route, status, challenge]).toEqual([route, 401, CHALLENGE]);
        if (route[0] === 'HEAD') continue;
        expect([missing.error, wrong.error]).toEqual(['AUTH_MISSING', 'AUTH_WRONG']);
        expect(missing.message).toContain(`AUTH_${role.toUpperCase()}_TOKEN`);
      }
      for (const authorization of [basic(UNKNOWN), `Digest ${UNKNOWN}`, UNKNOWN])
        expect(await ask(ROUTES_OF.puppet[0] as Route, authorization)).toMatchObject({
          status: 401,
          error: 'AUTH_WRONG',
          challenge: CHALLENGE,
        });
    });

    it('the open ones ask nobody, and judge no credentials', async () => {
      for (const route of OPEN_ROUTES)
        for (const authorization of [undefined, bearer(UNKNOWN), bearer(SECRETS.puppet[0])])
          expect(await ask(route, authorization)).toMatchObject({ status: route[2], challenge: null });
    });

    it('says of a wrong path and of a wrong method what it says without roles', async () => {
      expect(await ask(['GET', '/nothing', 404])).toMatchObject({ status: 404, error: 'ROUTE_NOT_FOUND' });
      expect(await ask(['GET', '/puppetWxkfManager/register', 405])).toMatchObject({
        status: 405,
        error: 'ROUTE_METHOD_NOT_ALLOWED',
      });
    });

    it('closes a path however it is written', async () => {
      for (const path of [
        '//puppetWxkfManager///puppetWxkfInfo/wk1',
        '/%70uppetWxkfManager/puppetWxkfInfo/wk1',
      ]) {
        expect(await ask(['GET', path, 401])).toMatchObject({ status: 401, error: 'AUTH_MISSING' });
      }
    });

    it.each([
      ['/puppetWxkfManager/register', 'AUTH_MISSING'],
      ['/api/v1/hints/replay', 'AUTH_MISSING'],
      ['/bot/nokey/cgi-bin/kf/send_msg', 'the path holds no key of a bot'],
    ])('answers before anything of the body has come: %s', async (path, reason) => {
      const { hostname, port } = new URL(manager.url);
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n`,
      );
      expect(await text(socket)).toMatch(new RegExp(`^HTTP/1\\.1 401 .*${reason}`, 's'));
    });

    it('takes the secret from the URL that a puppet is configured with', async () => {
      const url = manager.url.replace('http://', `http://puppet:${SECRETS.puppet[1]}@`);
      const app = newApp();
      const puppet = registrationOf(app, newOpenKfId(), 'http://127.0.0.1:1');
      const registered = await axios.post(`${url}/puppetWxkfManager/register`, puppet);
      expect(registered.data).toEqual({ code: 0, message: 'success' });
      const goodbye = await axios.post(`${url}/puppetWxkfManager/deregister`, puppet);
      expect(goodbye.data).toEqual({ code: 0, message: 'success' });
    });

    it('logs a refusal with its reason', async () => {
      await ask(['GET', '/puppetWxkfManager/puppetWxkfInfo/logged', 403], bearer(SECRETS.puppet[0]));
      const line = await manager.line(({ url }) => url === '/puppetWxkfManager/puppetWxkfInfo/logged');
      expect(line).toMatchObject({ status: 403, error: 'AUTH_ROLE_FORBIDDEN', role: 'puppet' });
    });

    it.each([
      ['DELETE', '/puppetWxkfManager/getToken'],
      ['DELETE', '//puppetWxkfManager//wxkfRequestProxy/kf/sync_msg'],
      ['GET', '/puppetWxkfManager/wxkfRequestProxy/%zz'],
    ])("answers an error of %s %s in WeCom's shape", async (method, path) => {
      const response = await fetch(manager.url + path, { method });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(await response.json()).toEqual({
        errcode: response.status,
        errmsg: expect.stringMatching(/\w/),
      });
    });
  });

  describe('with a secret for puppets alone', () => {
    managerWith({ AUTH_PUPPET_TOKEN: SECRETS.puppet[0] });

    it('lets a puppet call its routes, and anybody the open ones', async () => {
      for (const route of ROUTES_OF.puppet) {
        expect(await ask(route)).toMatchObject({ status: 401, error: 'AUTH_MISSING' });
        expect(await ask(route, bearer(SECRETS.puppet[0]))).toMatchObject({ status: route[2] });
      }
      for (const route of OPEN_ROUTES) expect((await ask(route)).status).toEqual(route[2]);
    });

    it('has the routes of the other roles closed, and says what would open them', async () => {
      for (const { role, route } of CLOSED_ROUTES) {
        if (role === 'puppet' || route[0] === 'HEAD') continue;
        const setting = `AUTH_${role.toUpperCase()}_TOKEN`;
        for (const authorization of [undefined, bearer(UNKNOWN), basic(SECRETS[role][0])]) {
          const { message, ...answer } = await ask(route, authorization);
          expect(answer).toEqual({ status: 401, error: 'AUTH_ROLE_CLOSED', challenge: CHALLENGE });
          expect(message).toMatch(new RegExp(`set one in the manager: ${setting}$`));
        }
        const { status, message } = await ask(route, bearer(SECRETS.puppet[0]));
        expect(status).toBe(403);
        expect(message).toMatch(new RegExp(`${role}, once ${setting} is set$`));
      }
      const { roles, reason } = await manager.line(({ msg }) => msg === 'roles.closed');
      expect([roles, reason]).toEqual([
        ['gateway', 'operator'],
        expect.stringMatching(/set AUTH_GATEWAY_TOKEN, AUTH_OPERATOR_TOKEN$/),
      ]);
    });

    it('signs nobody in to the console, and tells nobody more of its health', async () => {
      const signedIn = await fetch(`${manager.url}/console/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token: SECRETS.puppet[0] }),
      });
      expect([signedIn.status, await signedIn.json()]).toEqual([
        401,
        expect.objectContaining({
          error: 'AUTH_ROLE_CLOSED',
          message: expect.stringMatching(/AUTH_OPERATOR_TOKEN$/),
        }),
      ]);
      const shown = await fetch(`${manager.url}/console/session`);
      expect(await shown.json()).toMatchObject({ isSignedIn: false, isAsked: true });
      const authorization = bearer(SECRETS.puppet[0]);
      const health = await fetch(`${manager.url}/health`, { headers: { authorization } });
      const { details } = (await health.json()) as { details: object };
      for (const part of Object.values(details))
        expect(part).toEqual({ status: expect.stringMatching(/^(up|down)$/) });
    });
  });

  describe('without any secret', () => {
    managerWith({});

    it('asks nobody, and judges no credentials', async () => {
      for (const route of [...CLOSED_ROUTES.map(({ route }) => route), ...OPEN_ROUTES])
        for (const authorization of [undefined, bearer(UNKNOWN)])
          expect(await ask(route, authorization)).toMatchObject({ status: route[2], challenge: null });
    });
  });
});
