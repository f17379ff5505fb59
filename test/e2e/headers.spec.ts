/** What the built process tells browsers, and which pages it lets near. */
import { text } from 'node:stream/consumers';
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

const manager = suiteManager(embeddedPlace);

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
    ['POST', '/puppetWxkfManager/register', 415],
    ['GET', '/nothing', 404],
    ['DELETE', '/puppetWxkfManager/register', 405],
    ['GET', '/callback/%zz', 400],
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
