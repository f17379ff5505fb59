/** What the built process gives browsers: headers, the console's files, and which pages it lets near. */
import { readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HEALTH_STATUS } from '../support/health-status.js';
import { type CallAnswer, call, jsonOf, openSocket, postJsonBody } from '../support/http-call.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { suiteManager } from '../support/suite-manager.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

const API = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

const BUILT = 'dist/console/public';
const PAGE = readFileSync(`${BUILT}/index.html`, 'utf8');
const ASSETS = readdirSync(`${BUILT}/assets`).filter((name) => /\.(js|css|svg)$/.test(name));
const POLICY =
  "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';" +
  "font-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'";

const manager = suiteManager(embeddedPlace);

const ask = (path: string, ...headers: string[]) => call(manager.url + path, { headers });

function expectNoBannerAndNoCors({ headers }: Pick<CallAnswer, 'headers'>): void {
  const names = Object.keys(headers).filter((name) => /^(server|x-powered-by|access-control-.*)$/.test(name));
  expect(names).toEqual([]);
}

describe('answers that are no page', () => {
  it.each([
    ['GET', '/health/live', 200],
    ['GET', '/health', HEALTH_STATUS],
    ['HEAD', '/health/ready', 200],
    ['GET', '/puppetWxkfManager/puppetWxkfInfo/wk1', 404],
    ['GET', '/puppetWxkfManager/getToken', 200],
    ['GET', `/callback/${'w'.repeat(300)}`, 400],
    ['POST', '/callback/ww1', 400],
  ])('%s %s, answered %p, may load nothing and be framed by nobody', async (method, path, status) => {
    const answer = await call(manager.url + path, { method });
    expect([answer.status, answer.headers]).toEqual([status, expect.objectContaining(API)]);
    expectNoBannerAndNoCors(answer);
  });

  it.each([
    ['no Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['no HTTP', 'hello\r\n\r\n'],
  ])('nor those to %s', async (_what, bytes) => {
    const answer = (await text(openSocket(manager.url, bytes))).toLowerCase();
    expect(answer).toMatch(/^http\/1\.1 400 /);
    for (const [name, value] of Object.entries(API)) expect(answer).toContain(`\r\n${name}: ${value}\r\n`);
  });
});

describe('a callback', () => {
  let puppet: PuppetServer;

  beforeAll(async () => {
    puppet = await startPuppetServer();
  });

  afterAll(() => puppet.close());

  it('is answered as WeCom needs it and with nothing for browsers', async () => {
    const [app, openKfId] = [newApp(), newOpenKfId()];
    await register(manager.url, app, openKfId, puppet.url);
    const { headers } = await sendMessage(manager.url, app, openKfId);
    expect([...headers.keys()].sort()).toEqual([
      'connection',
      'content-length',
      'content-type',
      'date',
      'keep-alive',
      'x-request-id',
    ]);
  });
});

describe('a page of another host', () => {
  const ORIGIN = 'https://evil.example';

  it.each([
    '/puppetWxkfManager/register',
    '/callback/ww1',
    '/health',
    '/puppetWxkfManager/wxkfRequestProxy/kf/sync_msg',
  ])('is not told that it may call %s', async (path) => {
    const preflight = ['Origin', ORIGIN, 'Access-Control-Request-Method', 'POST'];
    const answer = await call(manager.url + path, { method: 'OPTIONS', headers: preflight });
    expect(answer.status).toBe(405);
    expectNoBannerAndNoCors(answer);
    expectNoBannerAndNoCors(await call(manager.url + path, { headers: ['Origin', ORIGIN] }));
  });

  const registration = postJsonBody({ kfId: 'wk1' });

  it.each([
    ['by a name that it lets point here', ['Host', 'evil.example:7777']],
    ['by a request to another site', ['Origin', ORIGIN]],
    ['from a frame that hides where it is from', ['Origin', 'null']],
  ])('does not reach an open manager on loopback %s', async (_how, headers) => {
    const refused = await call(`${manager.url}/puppetWxkfManager/register`, {
      ...registration,
      headers: [...(registration.headers ?? []), ...headers],
    });
    expect([refused.status, jsonOf(refused)]).toEqual([
      403,
      expect.objectContaining({
        error: 'AUTH_HOST_FOREIGN',
        message: expect.stringMatching(/127\.0\.0\.1.*AUTH_/),
      }),
    ]);
    const forgotten = await call(`${manager.url}/api/v1/accounts/wk1`, { method: 'DELETE', headers });
    expect([forgotten.status, jsonOf(forgotten).error]).toEqual([403, 'AUTH_HOST_FOREIGN']);
  });

  it("is told so in WeCom's shape where WeCom's is spoken", async () => {
    const refused = await call(`${manager.url}/puppetWxkfManager/getToken`, {
      headers: ['Origin', ORIGIN],
    });
    expect(jsonOf(refused)).toEqual({ errcode: 403, errmsg: expect.stringMatching(/Origin/) });
  });

  it('is no tunnel, which may pass on callbacks and probes under any name', async () => {
    const forwarded = { headers: ['Host', 'wxkf.example'] };
    expect((await call(`${manager.url}/health/live`, forwarded)).status).toBe(200);
    expect(jsonOf(await call(`${manager.url}/callback/ww1`, { ...forwarded, method: 'POST' })).error).toBe(
      'REQUEST_INVALID',
    );
  });

  it('of this machine may call', async () => {
    const own = { headers: ['Host', 'localhost:7777', 'Origin', 'http://localhost:3000'] };
    expect((await call(`${manager.url}/puppetWxkfManager/puppetWxkfInfo/wk1`, own)).status).toBe(404);
  });
});

describe('the console', () => {
  it.each(['/console', '/console/accounts/wkAAA', '//console//outbox'])(
    '%s is the page, under a policy that lets it load nothing from elsewhere',
    async (path) => {
      const { status, headers, body } = await ask(path);
      expect([status, body.toString()]).toEqual([200, PAGE]);
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': POLICY,
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
    },
  );

  it('has nothing in the page that its policy forbids', () => {
    expect(PAGE).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|\/\/[\w.]+\.\w/i);
  });

  it('is asked about each time, and sent when it has changed', async () => {
    const { headers } = await ask('/console');
    const again = await ask('/console', 'If-None-Match', String(headers.etag));
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  it('has files that are kept for a year, and sent compressed', async () => {
    expect(ASSETS.length).toBeGreaterThan(1);
    for (const name of ASSETS) {
      const path = `/console/assets/${name}`;
      const plain = await ask(path);
      expect(plain.headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        'content-security-policy': POLICY,
      });
      expect(plain.body.equals(readFileSync(`${BUILT}/assets/${name}`))).toBe(true);
      const br = await ask(path, 'Accept-Encoding', 'br');
      const gzip = await ask(path, 'Accept-Encoding', 'gzip');
      expect([br.headers['content-encoding'], gzip.headers['content-encoding']]).toEqual(['br', 'gzip']);
      expect(brotliDecompressSync(br.body).equals(plain.body)).toBe(true);
      expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
    }
  });

  it('names the licences of what is bundled in it', async () => {
    const { status, body } = await ask('/console/licenses.md');
    expect([status, body.toString()]).toEqual([200, expect.stringMatching(/^## react - /m)]);
  });

  it.each([
    '/console/assets/index-00000000.js',
    '/console/nothing.png',
    '/console/..%2fconsole.controller.js',
    '/console/%2fetc%2fhosts.conf',
  ])('%s is none of its files, and so says an error of the usual shape', async (path) => {
    const answer = await ask(path, 'Accept', 'text/html');
    expect([400, 404]).toContain(answer.status);
    expect(jsonOf(answer)).toMatchObject({ code: answer.status, error: expect.stringMatching(/^[A-Z_]+$/) });
    expect(answer.headers['cache-control']).toBeUndefined();
  });

  it('takes nothing but to be read', async () => {
    const answer = await call(`${manager.url}/console/accounts`, { method: 'POST' });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it('is where a person gets who enters the bare address, and nobody else', async () => {
    const person = await ask('/', 'Accept', 'text/html,application/xhtml+xml,*/*;q=0.8');
    expect([person.status, person.headers.location, person.headers.vary]).toEqual([
      302,
      '/console',
      'Accept',
    ]);
    const program = await ask('/', 'Accept', '*/*');
    expect([program.status, jsonOf(program).error]).toEqual([404, 'ROUTE_NOT_FOUND']);
  });

  it('asks nobody to sign in while no role has a secret', async () => {
    const session = {
      ...{ isSignedIn: true, isAsked: false, expiresAt: null, operator: null, oidc: null },
      hasSecretsKey: false,
    };
    expect(jsonOf(await ask('/console/session'))).toEqual(session);
    const signedIn = await call(`${manager.url}/console/session`, postJsonBody({ token: 'anything' }));
    expect([jsonOf(signedIn), signedIn.headers['set-cookie']]).toEqual([session, undefined]);
    expect(jsonOf(await ask('/puppetWxkfManager/puppetWxkfInfo/wk1')).error).toBe(
      'REGISTRY_PUPPET_NOT_FOUND',
    );
  });
});
