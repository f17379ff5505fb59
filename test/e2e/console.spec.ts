/** The console's files, as the built process serves them to a browser, and its API where nobody is asked for a secret. */
import { readdirSync, readFileSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { call, jsonOf, postJsonBody } from '../support/http-call.js';
import { embeddedPlace } from '../support/place.js';
import { suiteManager } from '../support/suite-manager.js';

const BUILT = 'dist/console/public';
const PAGE = readFileSync(`${BUILT}/index.html`, 'utf8');
const ASSETS = readdirSync(`${BUILT}/assets`).filter((name) => /\.(js|css|svg)$/.test(name));
const POLICY =
  "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';" +
  "font-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'";

const manager = suiteManager(embeddedPlace);

const ask = (path: string, ...headers: string[]) => call(manager.url + path, { headers });

it.each([
  '/console',
  '/console/',
  '/console/accounts',
  '/console/accounts/wkAAA',
  '//console//outbox',
  '/console?q=1',
])('%s is the page, under a policy that lets it load nothing from elsewhere', async (path) => {
  const { status, headers, body } = await ask(path);
  expect([status, body.toString()]).toEqual([200, PAGE]);
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': POLICY,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
});

it('has nothing in the page that its policy forbids', () => {
  expect(PAGE).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|\/\/[\w.]+\.\w/i);
});

it('is asked about each time, and sent when it has changed', async () => {
  const { headers } = await ask('/console');
  const again = await ask('/console', 'If-None-Match', String(headers.etag));
  expect([again.status, again.body.length]).toEqual([304, 0]);
});

it.each(ASSETS)('assets/%s is kept for a year, and sent compressed', async (name) => {
  const path = `/console/assets/${name}`;
  const plain = await ask(path);
  expect(plain.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-security-policy': POLICY,
  });
  expect(plain.body.equals(readFileSync(`${BUILT}/assets/${name}`))).toBe(true);
  const [br, gzip] = [await ask(path, 'Accept-Encoding', 'br'), await ask(path, 'Accept-Encoding', 'gzip')];
  expect([br.headers['content-encoding'], gzip.headers['content-encoding']]).toEqual(['br', 'gzip']);
  expect(brotliDecompressSync(br.body).equals(plain.body)).toBe(true);
  expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
});

it('names the licences of what is bundled in it', async () => {
  const { status, body } = await ask('/console/licenses.md');
  expect([status, body.toString()]).toEqual([200, expect.stringMatching(/preact/i)]);
});

it.each([
  '/console/assets/index-00000000.js',
  '/console/assets/',
  '/console/nothing.png',
  '/console/..%2fconsole.controller.js',
  '/console/%2e%2e%2fconsole.controller.js',
  '/console/..%2f..%2f..%2fpackage.json',
  '/console/assets/..%2f..%2fconsole.controller.js',
  '/console/%252e%252e%252fconsole.controller.js',
  '/console/..%5cconsole.controller.js',
  '/console/%2fetc%2fhosts.conf',
  '/console/.%00env',
  '/console/assets/%zz.js',
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
  expect([person.status, person.headers.location, person.headers.vary]).toEqual([302, '/console', 'Accept']);
  const program = await ask('/', 'Accept', '*/*');
  expect([program.status, jsonOf(program).error]).toEqual([404, 'ROUTE_NOT_FOUND']);
});

describe('while no role has a secret', () => {
  const SESSION = { isSignedIn: true, isAsked: false, expiresAt: null, operator: null, oidc: null };
  const INFO = '/puppetWxkfManager/puppetWxkfInfo/wk1';

  it('asks nobody to sign in', async () => {
    expect(jsonOf(await ask('/console/session'))).toEqual(SESSION);
    const signedIn = await call(`${manager.url}/console/session`, postJsonBody({ token: 'anything' }));
    expect([jsonOf(signedIn), signedIn.headers['set-cookie']]).toEqual([SESSION, undefined]);
    expect(jsonOf(await ask(INFO)).error).toBe('REGISTRY_PUPPET_NOT_FOUND');
  });

  it.each([
    ['by a name that it lets point here', ['Host', 'evil.example']],
    ['by a request to another site', ['Origin', 'https://evil.example']],
  ])('keeps pages of other hosts out %s', async (_how, headers) => {
    const url = `${manager.url}/api/v1/kf-accounts/wk1`;
    const refused = await call(url, { method: 'DELETE', headers });
    expect([refused.status, jsonOf(refused).error]).toEqual([403, 'AUTH_HOST_FOREIGN']);
  });
});
