/** Signing in to the console of the built process, and what a session may do. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { call, jsonOf } from '../support/http-call.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';

const OPERATOR = 'marked-secret_of-operators';
const PUPPET = 'marked-secret_of-puppets';
const UNKNOWN = 'marked-secret_of-nobody';
const SIGNED_OUT = {
  ...{ isSignedIn: false, isAsked: true, expiresAt: null, operator: null, oidc: null },
  hasSecretsKey: null,
};
const SHARED = { name: 'shared secret', role: 'admin' };
const CONSOLE = ['x-wxkf-console', '1'];
/** A route of operators that reads, and one that changes something; nothing is registered. */
const INFO = '/puppetWxkfManager/puppetWxkfInfo/wk1';
const FORGET = '/api/v1/accounts/wk1';

let place: Place;
let manager: ManagerProcess;

/** Each of another caller, so that none is told that it failed too often. */
let callers = 0;
const ofNewCaller = (): string[] => ['X-Forwarded-For', `10.1.${++callers >> 8}.${callers & 255}`];

async function ask(method: string, path: string, headers: readonly string[] = [], body?: string) {
  const from = headers.includes('X-Forwarded-For') ? [] : ofNewCaller();
  const answer = await call(manager.url + path, {
    method,
    headers: [...from, ...headers],
    ...(body && { body }),
  });
  expect(answer.body.toString()).not.toContain('marked-secret');
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  return { status: answer.status, cookie, json: jsonOf(answer), headers: answer.headers };
}

const signIn = (token: unknown, ...headers: string[]) =>
  ask(
    'POST',
    '/console/session',
    ['Content-Type', 'application/json', ...headers],
    JSON.stringify({ token }),
  );

/** The header with which the browser brings the session back. */
async function sessionOf(token: string): Promise<string[]> {
  const { cookie } = await signIn(token);
  return ['Cookie', cookie.split(';')[0] ?? ''];
}

beforeAll(async () => {
  place = embeddedPlace();
  manager = await startManager({
    ...place.env,
    HOST: '127.0.0.1',
    TRUST_PROXY: '127.0.0.1',
    LOG_LEVEL: 'trace',
    AUTH_OPERATOR_TOKEN: OPERATOR,
    AUTH_PUPPET_TOKEN: PUPPET,
  });
});

afterAll(async () => {
  await manager.stop();
  await place.discard();
  const output = manager.output();
  // After all that was sent: no secret, and no session.
  expect(output).toContain('/console/session');
  expect(output).not.toContain('marked-secret');
  expect(output).not.toContain('wxkf_session');
});

it('signs in for 12 hours, by a cookie that no script reads and no other site sends', async () => {
  const { status, json, cookie, headers } = await signIn(OPERATOR);
  expect([status, json]).toEqual([
    200,
    {
      isSignedIn: true,
      isAsked: true,
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      operator: SHARED,
      hasSecretsKey: false,
      oidc: null,
    },
  ]);
  const leftMs = Date.parse(String(json.expiresAt)) - Date.now();
  expect(leftMs / 3_600_000).toBeCloseTo(12, 1);
  expect(cookie).toMatch(
    /^wxkf_session=\d{13}\.[\w-]{16}\.[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  expect(headers['cache-control']).toBe('no-store');
});

it('has the cookie sent over https alone where a proxy that is believed says https', async () => {
  const https = ['X-Forwarded-Proto', 'https'];
  const { cookie } = await signIn(OPERATOR, ...https);
  expect(cookie).toMatch(/^__Host-wxkf_session=.*; Path=\/; .*; Secure/);
  const session = ['Cookie', cookie.split(';')[0] ?? ''];
  expect((await ask('GET', INFO, [...session, ...https])).json.error).toBe('REGISTRY_PUPPET_NOT_FOUND');
  expect((await ask('GET', INFO, session)).json.error).toBe('AUTH_MISSING');
  expect((await signIn(OPERATOR, 'X-Forwarded-Proto', 'http')).cookie).not.toMatch(/; Secure/);
});

it('says whether somebody is signed in', async () => {
  const session = await sessionOf(OPERATOR);
  expect(await ask('GET', '/console/session', session)).toMatchObject({
    status: 200,
    json: { isSignedIn: true, isAsked: true, expiresAt: expect.any(String), operator: SHARED },
    headers: { 'cache-control': 'no-store' },
  });
  for (const headers of [[], ['Cookie', 'wxkf_session=x'], ['Cookie', 'a=b']]) {
    expect(await ask('GET', '/console/session', headers)).toMatchObject({
      status: 200,
      json: SIGNED_OUT,
    });
  }
});

it('lets the session read, and change what the console asks it to', async () => {
  const session = await sessionOf(OPERATOR);
  expect(await ask('GET', INFO, session)).toMatchObject({
    json: { error: 'REGISTRY_PUPPET_NOT_FOUND' },
  });
  const { json } = await ask('DELETE', FORGET, [...session, ...CONSOLE]);
  expect(json).toMatchObject({ error: 'REGISTRY_PUPPET_NOT_FOUND' });
});

it.each([
  ['without the header of the console', []],
  ['from a page of another site', [...CONSOLE, 'Origin', 'https://evil.example']],
  ['from another site, as the browser says', [...CONSOLE, 'Sec-Fetch-Site', 'cross-site']],
  ['from another port of the same name', [...CONSOLE, 'Sec-Fetch-Site', 'same-site']],
])('lets it change nothing %s', async (_from, headers) => {
  const session = await sessionOf(OPERATOR);
  for (const [method, path] of [
    ['DELETE', FORGET],
    ['DELETE', '/console/session'],
  ] as const) {
    const { status, json, cookie } = await ask(method, path, [...session, ...headers]);
    expect([status, json.error, cookie]).toEqual([403, 'AUTH_CROSS_SITE', '']);
  }
});

it('signs nobody in for a page of another site', async () => {
  const { status, json, cookie } = await signIn(OPERATOR, 'Origin', 'https://evil.example');
  expect([status, json.error, cookie]).toEqual([403, 'AUTH_CROSS_SITE', '']);
});

it('goes by the header Authorization where one comes, whatever the session is', async () => {
  const session = await sessionOf(OPERATOR);
  const asked = (secret: string) => ask('GET', INFO, [...session, 'Authorization', `Bearer ${secret}`]);
  expect((await asked(UNKNOWN)).json.error).toBe('AUTH_WRONG');
  expect((await asked(PUPPET)).json.error).toBe('AUTH_ROLE_FORBIDDEN');
  expect((await asked(OPERATOR)).json.error).toBe('REGISTRY_PUPPET_NOT_FOUND');
});

it('is no other role than operator', async () => {
  const session = await sessionOf(OPERATOR);
  const { json } = await ask('POST', '/puppetWxkfManager/register', [...session, ...CONSOLE]);
  expect(json.error).toBe('AUTH_ROLE_FORBIDDEN');
});

it('says that a session is over, and does not have the browser ask for a password', async () => {
  const { status, json, headers } = await ask('GET', INFO, [...CONSOLE, 'Cookie', 'wxkf_session=x']);
  expect([status, json.error]).toEqual([401, 'AUTH_SESSION_ENDED']);
  expect(headers['www-authenticate']).toBe('Bearer realm="wxkf-manager"');
});

it('signs out: whoever still has the cookie is an operator no longer', async () => {
  const session = await sessionOf(OPERATOR);
  const { json, cookie } = await ask('DELETE', '/console/session', [...session, ...CONSOLE]);
  expect(json).toEqual(SIGNED_OUT);
  expect(cookie).toBe('wxkf_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict');
  expect((await ask('GET', INFO, session)).json.error).toBe('AUTH_SESSION_ENDED');
  const shown = await ask('GET', '/console/session', session);
  expect(shown.json).toEqual(SIGNED_OUT);
});

it('signs a named operator in by its token, lets a reader change nothing, and ends with the operator', async () => {
  const asAdmin = ['Authorization', `Bearer ${OPERATOR}`, 'Content-Type', 'application/json'];
  const bob = JSON.stringify({ name: 'bob', role: 'reader' });
  const { json: added } = await ask('POST', '/api/v1/operators', asAdmin, bob);
  const { json, cookie } = await signIn(added.token);
  expect(json.operator).toEqual({ name: 'bob', role: 'reader' });
  const session = ['Cookie', cookie.split(';')[0] ?? '', ...CONSOLE];
  expect((await ask('GET', INFO, session)).json.error).toBe('REGISTRY_PUPPET_NOT_FOUND');
  const refused = await ask('DELETE', FORGET, session);
  expect([refused.status, refused.json.error]).toEqual([403, 'AUTH_READER']);
  expect((await ask('DELETE', '/api/v1/operators/bob', asAdmin)).status).toBe(200);
  expect((await ask('GET', INFO, session)).json.error).toBe('AUTH_SESSION_ENDED');
  expect((await signIn(added.token)).json.error).toBe('AUTH_WRONG');
});

it.each([UNKNOWN, PUPPET, '', `${OPERATOR} `])('does not sign in with another secret: %j', async (token) => {
  const { status, json, cookie } = await signIn(token);
  expect([status, json.error, cookie]).toEqual([401, 'AUTH_WRONG', '']);
});

it.each([undefined, null, 1, [OPERATOR], { a: OPERATOR }])('takes no token but text: %j', async (token) => {
  const { status, json } = await signIn(token);
  expect([status, json.error]).toEqual([400, 'REQUEST_INVALID']);
});

it('asks an address to wait that fails too often, but never who is right', async () => {
  const from = ['X-Forwarded-For', '10.2.0.1'];
  const statuses: number[] = [];
  for (let tries = 0; tries < 31; tries++) statuses.push((await signIn(UNKNOWN, ...from)).status);
  expect(statuses).toEqual([...Array(30).fill(401), 429]);
  const { json, headers } = await signIn(UNKNOWN, ...from);
  expect(json.error).toBe('AUTH_TOO_MANY_FAILED');
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect((await signIn(OPERATOR, ...from)).status).toBe(200);
});
