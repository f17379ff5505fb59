/**
 * What a real nginx with the servers that operators get lets through to the built manager. The requests are written by
 * hand, since a client would tidy up their targets, and are looked at byte for byte where they arrive.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { askAt, DISGUISED, nginxSuite, type RunningNginx, startNginx } from '../support/nginx.js';
import { type PuppetServer, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { rounds, SEED, seeded } from '../support/seeded.js';
import { firstLinesOf, ROLES, tappedManager } from '../support/tapped-manager.js';
import { kfMessageXml, newApp, newOpenKfId, sealCallback, sealVerification } from '../support/wecom.js';

const OTHERS = [
  ...['/', '/health', '/metrics', '/console', '/docs', '/api/v1/status', '/index.html'],
  '/api/v1/accounts/x%2F..%2F..%2Fcallback%2Fww1',
  '/console/../callback/ww1',
  '/callback',
  '/callback/',
  '/callback?/callback/ww1',
  '/?/callback/ww1',
  '/callback/decrypted/ww1',
  '/callback/decrypted/..%2Fww1',
  '/callback/decrypted%2Fww1',
  '/callback/ww1/',
  '/callback/ww1/../../api/v1/status',
  '/callback/ww1%2F..%2F..%2Fapi%2Fv1%2Fstatus',
  '/callback/ww1%3F/../../api/v1/status',
  '/callback/ww1#/../../api/v1/status',
  '/callback/ww1;x',
  '/api/v1/status;/callback/ww1',
  '/callback\\ww1',
  '/callback/ww1\\..\\..\\api\\v1\\status',
  '/%63allback/ww1',
  '/callback/%77w1',
  '/callback/ww1%0A',
  '/callback/%E5%AE%A2',
  '/Callback/ww1',
  '//callback/ww1',
  '/callback//ww1',
  '/./callback/ww1',
  'http://callbacks.example.com/api/v1/status',
  'http://callback/ww1',
  'http://callbacks.example.com?/callback/ww1',
];

const KEY = `wxkf_${'k'.repeat(43)}`;

/** A key of a bot at a path for callbacks alone, and what nginx itself refuses. */
const WITH_KEY = [
  `/bot/${KEY}/cgi-bin/kf/sync_msg?access_token=x`,
  `http://callbacks.example.com/bot/${KEY}/cgi-bin/kf/sync_msg`,
  `//bot/${KEY}/cgi-bin/kf/sync_msg`,
  `/%62ot/${KEY}/cgi-bin/kf/sync_msg`,
  `/bot/${KEY}/../../callback/ww1`,
  `/callback/ww1/../../bot/${KEY}/cgi-bin/kf/sync_msg`,
  `/bot/${KEY}/cgi-bin/%zz`,
  `/bot/${KEY}/cgi-bin/${'x'.repeat(40_000)}`,
];

/** Refused before any server's rules are asked. */
const NO_REQUESTS = [
  '/callback/ww1%00',
  '/callback/ww1%zz',
  '/../callback/ww1',
  'callback/ww1',
  '/callback/ww1\u0001',
];

nginxSuite('deploy/nginx', () => {
  const manager = tappedManager();
  const app = newApp();
  const openKfId = newOpenKfId();
  let puppet: PuppetServer;
  let nginx: RunningNginx;

  beforeAll(async () => {
    puppet = await startPuppetServer();
    await fetch(`${manager.url}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ROLES.AUTH_PUPPET_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(registrationOf(app, openKfId, puppet.url)),
    });
    nginx = await startNginx(manager.port);
  });
  afterAll(async () => {
    await nginx.close();
    await puppet.close();
  });
  beforeEach(() => void manager.arrived());

  it.each(['ask', 'askPlainly'] as const)('lets a callback through as it came, by %s', async (ask) => {
    const { query, body } = sealCallback(app, kfMessageXml(app, openKfId));
    const target = `/callback/${app.corpId}?${new URLSearchParams(query)}`;
    const delivered = puppet.next();
    expect(await nginx[ask](target, { method: 'POST', body })).toEqual({ status: 200, body: 'success' });
    await delivered;
    const arrived = manager.arrived();
    expect(firstLinesOf(arrived)).toEqual([`POST ${target} HTTP/1.1`]);
    expect(arrived.endsWith(`\r\n\r\n${body}`)).toBe(true);
  });

  it('lets a body through that it has to keep in a file', async () => {
    const body = 'x'.repeat(60_000);
    await nginx.ask('/callback/ww1', { method: 'POST', body });
    expect(manager.arrived().endsWith(`\r\n\r\n${body}`)).toBe(true);
  });

  it('lets the verification of the callback URL through', async () => {
    const query = new URLSearchParams(sealVerification(app, '1616140317555161061'));
    expect(await nginx.ask(`/callback/${app.corpId}?${query}`)).toEqual({
      status: 200,
      body: '1616140317555161061',
    });
  });

  it.each(['', '?', '?a=%2F..%2f;b\\c//+%20~&&=%zz#x?%00', '?next=/../../api/v1/status'])(
    'leaves the query %j as it came',
    async (query) => {
      await nginx.ask(`/callback/ww1${query}`);
      await nginx.ask(`https://callbacks.example.com/callback/ww1${query}`);
      expect(firstLinesOf(manager.arrived())).toEqual(Array(2).fill(`GET /callback/ww1${query} HTTP/1.1`));
    },
  );

  it('adds who called to what the caller says', async () => {
    await nginx.ask('/callback/ww1', { headers: ['X-Forwarded-For: 10.9.9.9'] });
    expect(manager.arrived()).toContain('\r\nX-Forwarded-For: 10.9.9.9, 127.0.0.1\r\n');
  });

  it.each(DISGUISED)('keeps %s out, which is a route of a role', async (target) => {
    expect(await askAt(manager.port, target.replace(/^http:..[^/]*/, ''))).toMatchObject({ status: 401 });
    manager.arrived();
    expect(await nginx.ask(target)).toMatchObject({ status: 404 });
    expect(await nginx.askPlainly(target, { method: 'POST', body: '{}' })).toMatchObject({ status: 404 });
    expect(manager.arrived()).toBe('');
  });

  it.each(OTHERS)('keeps %s out', async (target) => {
    expect(await nginx.ask(target)).toMatchObject({ status: 404 });
    expect(await nginx.ask(target, { method: 'POST', body: '{}' })).toMatchObject({ status: 404 });
    expect(manager.arrived()).toBe('');
  });

  it.each(NO_REQUESTS)('refuses %j', async (target) => {
    expect(await nginx.ask(target)).toMatchObject({ status: 400 });
    expect(manager.arrived()).toBe('');
  });

  it('writes the key of a bot that calls by mistake to no log', async () => {
    const example = readFileSync('deploy/nginx/wxkf-manager.conf', 'utf8');
    const written = await Promise.all(
      [example, example.replace('access_log off;', '')].map(async (servers) => {
        const own = await startNginx(manager.port, servers);
        for (const target of WITH_KEY) {
          await own.ask(target);
          await own.askPlainly(target, { method: 'POST', body: 'x'.repeat(60_000) });
        }
        return own.close();
      }),
    );
    expect(manager.arrived()).toBe('');
    expect(written.map((logs) => logs.includes(KEY))).toEqual([false, true]);
  });

  it('lets nothing but callbacks through, whatever a path is made of', async () => {
    const random = seeded(SEED);
    const starts = ['', '/callback/ww1', '/callback', '/api/v1/accounts/x', '/console', 'http://x/'];
    const steps = '%2F / .. %2e. . // ; %5C \\ %3F ? # callback ww1 api'.split(' ');
    const targets = Array.from({ length: rounds(50) }, () => {
      const ups = random.pick(['%2F..', '/..', '%2f%2E%2e', '']).repeat(random.below(6));
      const made = Array.from({ length: random.below(6) }, () => random.pick(steps)).join('');
      return `${random.pick(starts)}${ups}${made}${random.pick(['', '/callback/ww1', '%2Fcallback%2Fww1'])}`;
    });
    for (const target of targets) {
      await nginx.ask(target);
      const arrived = firstLinesOf(manager.arrived());
      const expected = /^(?:http:\/\/x)?(\/callback\/[\w-]+(?:\?.*)?)$/.exec(target)?.[1];
      expect([SEED, target, ...arrived]).toEqual([
        SEED,
        target,
        ...(expected === undefined ? [] : [`GET ${expected} HTTP/1.1`]),
      ]);
    }
  });
});
