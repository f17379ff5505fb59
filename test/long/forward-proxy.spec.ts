/** The built process and its commands where WeCom is reached through a forward proxy alone, by CONNECT and by requests that name it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli } from '../support/cli-process.js';
import { PROXIED_HOST, type ProxiedWecom, startProxiedWecom } from '../support/forward-proxy.js';
import { call, jsonOf, postJsonBody, valuesOf } from '../support/http-call.js';
import { type InventedNames, inventNames } from '../support/invented-names.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { postJson, type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { findIn } from '../support/secret-forms.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, type WecomApp } from '../support/wecom.js';
import { hold, usual } from '../support/wecom-faults.js';

/** As `registrationOf` has it. */
const CORP_SECRET = 'corp-secret-of-the-tests';
const SECRETS = [CORP_SECRET, 'p4ss+/word'];

const NOT_LISTED = 'be an address or name that PUPPET_ENDPOINT_ALLOW lists';

/** Of the running test. */
let app: WecomApp;
let folder: string;
let site: ProxiedWecom;
let names: InventedNames;
let place: Place;
let manager: ManagerProcess;
let hostsUsed = 0;

beforeAll(async () => {
  site = await startProxiedWecom();
  folder = mkdtempSync(join(tmpdir(), 'wxkf-forward-'));
  writeFileSync(join(folder, 'trusted.pem'), site.certificate.cert);
  names = inventNames();
});

afterAll(async () => {
  await site.close();
  names.discard();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  app = newApp();
  site.wecom.addSecret(app.corpId, CORP_SECRET);
  site.asked.length = 0;
  site.wecom.calls.length = 0;
});

afterEach(() => {
  site.refuse(null);
  site.wecom.behave('*', usual);
});

const envFor = (scheme: string, more: Readonly<Record<string, string>>) => ({
  ...place.env,
  ...names.env,
  NODE_EXTRA_CA_CERTS: join(folder, 'trusted.pem'),
  LOG_LEVEL: 'trace',
  ACCESS_TOKEN_URL: `${scheme}://${PROXIED_HOST}/cgi-bin/gettoken`,
  WECOM_API_URL: `${scheme}://${PROXIED_HOST}`,
  ...more,
});

const tokenOf = async (): Promise<Record<string, unknown>> =>
  jsonOf(
    await call(
      `${manager.url}/puppetWxkfManager/getToken?corpid=${app.corpId}&corpsecret=${encodeURIComponent(CORP_SECRET)}`,
    ),
  );
const apiUrl = (target: string): string => `${manager.url}/puppetWxkfManager/wxkfRequestProxy/${target}`;

async function start(scheme: string, more: Readonly<Record<string, string>>): Promise<void> {
  place = embeddedPlace();
  manager = await startManager(envFor(scheme, more));
}

async function stop(): Promise<void> {
  expect(await manager.stop()).toBe(0);
  expect(findIn(manager.output(), SECRETS)).toEqual([]);
  await place.discard();
}

describe.each([
  ['https', 'HTTPS_PROXY'],
  ['http', 'http_proxy'],
])('by %s and %s', (scheme, variable) => {
  let puppet: PuppetServer;

  beforeAll(async () => {
    puppet = await startPuppetServer();
    await start(scheme, { [variable]: site.proxyUrl() });
  });

  afterAll(async () => {
    await stop();
    await puppet.close();
  });

  // Before the proxy has led to WeCom: connections that it opened are used again.
  it.each([
    ['refuses', 407, /wants another user and password \(407\); put them into HTTPS?_PROXY/],
    ...(scheme === 'https'
      ? [['refuses the host', 403, /refuses to connect \(403\); have it allow that host/] as const]
      : []),
  ])('a proxy that %s is told of with what to do', async (_what, status, reason) => {
    site.refuse(status);
    const answers = [await tokenOf(), jsonOf(await call(apiUrl('kf/account/list?access_token=T')))];
    for (const { errcode, errmsg } of answers) {
      expect(errcode).toBe(504);
      expect(errmsg).toMatch(reason);
    }
    const line = await manager.line(
      ({ msg, corpId }) => msg === 'token.unreachable' && corpId === app.corpId,
    );
    expect(line.reason).toMatch(reason);
    expect(site.wecom.calls).toEqual([]);
    await site.allClosed();
  });

  if (scheme === 'https')
    it('a proxy that is silent ends a call in time', async () => {
      site.refuse('silence');
      const silent = /the proxy of HTTPS_PROXY opened no tunnel in time/;
      const [token, answer] = await Promise.all([
        tokenOf(),
        call(apiUrl('kf/account/list?access_token=T')).then(jsonOf),
      ]);
      expect([token.errmsg, answer.errmsg]).toEqual([
        expect.stringMatching(silent),
        expect.stringMatching(silent),
      ]);
      await site.allClosed();
    });

  it('tokens and calls go through the proxy, and puppets are called directly', async () => {
    const { access_token } = await tokenOf();
    expect(access_token).toBe(site.wecom.tokenOf(app.corpId, CORP_SECRET));
    const body = '{"cursor":"","padding":"1.0"}';
    const accepts = ['Accept', 'a/b', 'accept', 'c/d'];
    const answer = await call(apiUrl(`kf/sync_msg?access_token=${access_token}`), {
      ...postJsonBody({}),
      headers: ['Content-Type', 'application/json', ...accepts],
      body,
    });
    expect(jsonOf(answer)).toMatchObject({ errcode: 0 });
    const received = site.wecom.callsTo('kf/sync_msg')[0];
    expect(received).toMatchObject({ method: 'POST', text: body, headers: { host: PROXIED_HOST } });
    expect(received?.headers).not.toHaveProperty('proxy-authorization');
    if (scheme === 'https') expect(valuesOf(received?.rawHeaders ?? [], 'accept')).toEqual(['a/b', 'c/d']);

    const openKfId = newOpenKfId();
    names.lead('puppet.test', '127.0.0.1');
    await register(manager.url, app, openKfId, puppet.url.replace('127.0.0.1', 'puppet.test'));
    const event = { token: 'sync-token', openKfId };
    const delivered = await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, event);
    expect(await delivered.json()).toMatchObject({ delivery: 'delivered' });
    expect(puppet.received).toHaveLength(1);
    const targets = new Set(site.asked.map((one) => one.replace(/(\d)\/.*$/, '$1')));
    expect([...targets].sort()).toEqual(
      scheme === 'https'
        ? [`CONNECT ${PROXIED_HOST}:443`]
        : [`GET http://${PROXIED_HOST}`, `POST http://${PROXIED_HOST}`],
    );
  });

  it('a proxy that is not there ends a call in time', async () => {
    await site.leave();
    const name = variable.toUpperCase();
    const gone = `the proxy of ${name} cannot be reached (ECONNREFUSED); correct ${name}`;
    expect((await tokenOf()).errmsg).toContain(gone);
    expect(jsonOf(await call(apiUrl('kf/account/list?access_token=T'))).errmsg).toContain(gone);
    await site.comeBack();
  });

  it('one caller has 48 connections of a corp through the proxy, as without one', async () => {
    // Those of before were closed when the proxy left.
    expect(site.openSockets()).toBe(0);
    const held = hold();
    site.wecom.behave('kf/slow', held);
    const calls = Array.from({ length: 100 }, () => call(apiUrl('kf/slow')));
    await held.arrived;
    await until(() => site.openSockets() >= 48);
    expect(site.openSockets()).toBe(48);
    held.release();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(100).fill(404));
    // A place is free a moment before its connection is.
    expect(site.openSockets()).toBeLessThanOrEqual(64);
  });
});

it('a proxy that is reached by TLS itself leads to addresses of both schemes', async () => {
  const secured = await startProxiedWecom('https');
  secured.wecom.addSecret(app.corpId, CORP_SECRET);
  const trusted = join(folder, 'both.pem');
  writeFileSync(trusted, `${secured.certificate.cert}${secured.proxyCertificate?.cert}`);
  await start('https', {
    HTTPS_PROXY: secured.proxyUrl(),
    HTTP_PROXY: secured.proxyUrl(),
    NODE_EXTRA_CA_CERTS: trusted,
    ACCESS_TOKEN_URL: `http://${PROXIED_HOST}/cgi-bin/gettoken`,
  });
  const { access_token } = await tokenOf();
  const answer = await call(apiUrl(`kf/account/list?access_token=${access_token}`));
  expect(jsonOf(answer)).toMatchObject({ errcode: 0 });
  expect(secured.asked).toEqual([
    expect.stringContaining(`GET http://${PROXIED_HOST}/cgi-bin/gettoken?`),
    `CONNECT ${PROXIED_HOST}:443`,
  ]);
  await stop();
  await secured.close();
});

describe.each(['https', 'http'])('an agent whose URL is of %s, through the proxy', (scheme) => {
  const startWith = (more: Readonly<Record<string, string>> = {}) =>
    start('https', { [`${scheme}_proxy`]: site.proxyUrl(), ...more });

  /** Asks a service at a new host, so that no connection to it is open. @returns what is wrong, and whether the proxy was asked. */
  async function ask(...addresses: string[]): Promise<{ fault: string; wasDialled: boolean }> {
    const host = `service-${hostsUsed++}.test` as const;
    names.lead(host, ...addresses);
    const agent = { form: 'openai', url: `${scheme}://${host}/v1`, key: 'k', model: 'm' };
    const answer = await postJson(`${manager.url}/api/v1/agents/test`, { agent, question: 'Hello' });
    const { fault } = (await answer.json()) as { fault: string };
    return { fault, wasDialled: site.asked.some((one) => one.includes(host)) };
  }

  const refused = (why: string) => ({ fault: expect.stringContaining(why), wasDialled: false });

  it('is asked where its name leads to addresses that endpoints may have, and only there', async () => {
    await startWith();
    expect(await ask(PROXIED_HOST, '2001:db8::1')).toMatchObject({ wasDialled: true });
    expect(await ask('169.254.169.254')).toEqual(refused('not point to a link-local address'));
    expect(await ask(PROXIED_HOST, '100.100.100.200')).toEqual(refused("not point to a cloud's metadata"));
    expect(await ask()).toEqual(refused('PUPPET_ENDPOINT_ALLOW has to list it'));
    await stop();
  });

  it('is asked where its name leads to addresses that are listed, and only there', async () => {
    await startWith({ PUPPET_ENDPOINT_ALLOW: '192.0.2.0/24' });
    expect(await ask(PROXIED_HOST)).toMatchObject({ wasDialled: true });
    expect(await ask('198.51.100.1')).toEqual(refused(NOT_LISTED));
    await stop();
  });

  it('is asked where its name is listed, though only the proxy knows it, but not at a forbidden address', async () => {
    await startWith({ PUPPET_ENDPOINT_ALLOW: '*.test,0.0.0.0/0,::/0' });
    expect(await ask()).toMatchObject({ wasDialled: true });
    expect(await ask('198.51.100.1')).toMatchObject({ wasDialled: true });
    expect(await ask('169.254.169.254')).toEqual(refused('not point to a link-local address'));
    await stop();
  });
});

it('NO_PROXY has WeCom called directly', async () => {
  const env = { HTTP_PROXY: await refusedUrl(), NO_PROXY: 'other.test,.wecom.test' };
  names.lead('api.wecom.test', '127.0.0.1');
  const url = site.wecom.url.replace('127.0.0.1', 'api.wecom.test');
  await start('http', { ...env, ACCESS_TOKEN_URL: `${url}/cgi-bin/gettoken`, WECOM_API_URL: url });
  const { access_token } = await tokenOf();
  const answer = await call(apiUrl(`kf/account/list?access_token=${access_token}`));
  expect(jsonOf(answer)).toMatchObject({ errcode: 0 });
  await stop();
});

it('check asks through it, and tells of one that refuses', async () => {
  place = embeddedPlace();
  const env = envFor('https', { https_proxy: site.proxyUrl() });
  const good = await runCli(env, 'check');
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(good.stdout).toMatch(/ HTTPS_PROXY=http:\/\/127\.0\.0\.1:\d+( |$)/m);
  expect(good.stdout).toMatch(/^ok +wecom +ACCESS_TOKEN_URL \S+ answers$/m);
  expect(good.stdout).toMatch(/^ok +wecom +WECOM_API_URL \S+ answers$/m);
  expect(new Set(site.asked)).toEqual(new Set([`CONNECT ${PROXIED_HOST}:443`]));
  const bad = await runCli({ ...env, https_proxy: site.proxyUrl('egress:marked-wrong') }, 'check');
  expect(bad.code).toBe(1);
  expect(bad.stdout).toMatch(/^failed +wecom .*the proxy of HTTPS_PROXY wants another user and password/m);
  expect(findIn(good.stdout + bad.stdout, [...SECRETS, 'marked-wrong'])).toEqual([]);
  await place.discard();
});
