import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ProxiedWecom, PROXIED_HOST, startProxiedWecom } from '../../../test/support/forward-proxy.js';
import { Samples } from '../../../test/support/metrics.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import { findIn } from '../../../test/support/secret-forms.js';
import { cut, drop, flood, hang, hold, reply, trickle, usual } from '../../../test/support/wecom-faults.js';
import { type Environment, loadConfig } from '../../config/config.js';
import { Metrics } from '../../metrics/metrics.js';
import { OutgoingSockets } from '../../metrics/outgoing-sockets.js';
import { newHttpService } from './http-service.js';
import { RareCalls } from './rare-calls.js';

const SECRET = 'marked-secret_of-the+app/=';
const LIMIT_MS = 5_000;

let site: ProxiedWecom;
let clock: ManualClock;
let metrics: Metrics;
const opened: RareCalls[] = [];

beforeAll(async () => {
  site = await startProxiedWecom();
  setDefaultCACertificates([...getCACertificates('default'), site.certificate.cert]);
});
afterAll(() => site.close());

beforeEach(() => {
  clock = new ManualClock();
  metrics = new Metrics();
  site.wecom.calls.length = 0;
  site.asked.length = 0;
});
afterEach(async () => {
  for (const client of opened.splice(0)) client.close();
  site.wecom.behave('*', usual);
  site.refuse(null);
  await site.wecom.allClosed();
  await site.allClosed();
  expect(clock.pendingTimers).toBe(0);
});

function open(environment: Environment = {}): RareCalls {
  const config = loadConfig({ WECOM_API_URL: site.wecom.url, ...environment });
  const client = new RareCalls(newHttpService(), config, clock);
  const sockets = () => client.sockets(new Set([config.wecomApiUrl.origin]));
  new OutgoingSockets(metrics).watch('wecom', { sockets });
  opened.push(client);
  return client;
}

const callOf = (corpId: string, origin = site.wecom.url) => ({
  party: corpId,
  method: 'GET' as const,
  url: new URL(`${origin}/cgi-bin/gettoken?corpid=${corpId}&corpsecret=${encodeURIComponent(SECRET)}`),
  headers: { accept: 'application/json', traceparent: null },
  limitMs: LIMIT_MS,
});

async function failureOf(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => new Error('it went well'),
    (reason: unknown) => reason as Error,
  );
  const all = inspect(error, { depth: null, showHidden: true, getters: true });
  expect(findIn(all, [SECRET, 'p4ss+/word'])).toEqual([]);
  expect(Object.keys(error)).toEqual([]);
  expect(error.cause).toBeUndefined();
  return error;
}

const reasonOf = async (work: Promise<unknown>): Promise<string> => (await failureOf(work)).message;

describe('a call', () => {
  it('gives status and text as they come, and sends no header but its own', async () => {
    const body = gzipSync('{"errcode":0}');
    site.wecom.behave('gettoken', reply(418, body, { 'content-encoding': 'gzip' }));
    const { status, text } = await open().send(callOf('ww1'));
    expect([status, text]).toEqual([418, body.toString('utf8')]);
    expect(site.wecom.calls[0]?.headers).toEqual({
      accept: 'application/json',
      'accept-encoding': 'identity',
      connection: 'close',
      host: new URL(site.wecom.url).host,
      'user-agent': 'wxkf-manager',
    });
  });

  it('follows no redirect', async () => {
    site.wecom.behave('gettoken', reply(302, '', { location: `${site.wecom.url}/cgi-bin/kf/account/list` }));
    expect(await open().send(callOf('ww1'))).toEqual({ status: 302, text: '' });
    expect(site.wecom.calls).toHaveLength(1);
  });

  it('takes 64 kB and no more', async () => {
    const client = open();
    site.wecom.behave('gettoken', reply(200, 'x'.repeat(65_536)));
    expect((await client.send(callOf('ww1'))).text).toHaveLength(65_536);
    site.wecom.behave('gettoken', reply(200, 'x'.repeat(65_537)));
    expect(await reasonOf(client.send(callOf('ww1')))).toBe('the answer is too long');
    site.wecom.behave('gettoken', flood());
    expect(await reasonOf(client.send(callOf('ww1')))).toBe('the answer is too long');
  });

  it.each([
    ['nothing', hang],
    ['one byte after another', trickle],
  ])('ends at its deadline where %s comes, and cuts the connection', async (_what, behaviour) => {
    site.wecom.behave('gettoken', behaviour());
    const arrived = site.wecom.next('gettoken');
    const failed = reasonOf(open().send(callOf('ww1')));
    const { ended } = await arrived;
    await clock.advance(LIMIT_MS - 1);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    expect(await failed).toBe('no complete answer in time');
    expect(await ended).toBe('cut');
  });

  it.each([
    ['dropped', drop],
    ['cut off', cut],
  ])('that is %s tells so, and nothing of what was sent', async (_what, behaviour) => {
    site.wecom.behave('gettoken', behaviour());
    expect(await reasonOf(open().send(callOf('ww1')))).toBe('the connection failed (ECONNRESET)');
  });

  it('to where nobody listens tells so', async () => {
    const origin = await refusedUrl();
    expect(await reasonOf(open().send(callOf('ww1', origin)))).toBe('the connection failed (ECONNREFUSED)');
  });

  it('fails when it ends, and so does a later one', async () => {
    const client = open();
    site.wecom.behave('gettoken', hang());
    const arrived = site.wecom.next('gettoken');
    const failed = reasonOf(client.send(callOf('ww1')));
    await arrived;
    client.close();
    expect(await failed).toBe('the manager ends');
    expect(await reasonOf(client.send(callOf('ww1')))).toBe('the manager ends');
  });
});

describe('the calls of a corp', () => {
  const callsOf = (corpId: string): number =>
    site.wecom.calls.filter(({ query }) => query.corpid === corpId).length;

  it('have 4 connections, and 64 may wait; another corp has its own', async () => {
    const client = open();
    const held = hold();
    site.wecom.behave('gettoken', held);
    const calls = Array.from({ length: 64 }, () => client.send(callOf('ww1')));
    expect(await reasonOf(client.send(callOf('ww1')))).toBe('too many requests are under way');
    const another = client.send(callOf('ww2'));
    while (callsOf('ww2') === 0 || callsOf('ww1') < 4) await new Promise(setImmediate);
    expect([callsOf('ww1'), callsOf('ww2')]).toEqual([4, 1]);
    const samples = new Samples(await metrics.registry.metrics());
    expect(samples.value('wxkf_outgoing_sockets', { target: 'wecom', origin: site.wecom.url })).toBe(5);
    held.release();
    await Promise.all([...calls, another]);
    expect(site.wecom.maxSockets).toBeLessThanOrEqual(6);
  });

  it('that wait for a connection end at their deadline, and take nobody’s', async () => {
    const client = open();
    const held = hold();
    site.wecom.behave('gettoken', held);
    const first = Array.from({ length: 4 }, () => client.send({ ...callOf('ww1'), limitMs: 2 * LIMIT_MS }));
    const late = reasonOf(client.send(callOf('ww1')));
    await held.arrived;
    await clock.advance(LIMIT_MS);
    expect(await late).toBe('no complete answer in time');
    const next = client.send(callOf('ww1'));
    held.release();
    expect((await Promise.all([...first, next])).map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(site.wecom.calls).toHaveLength(5);
  });
});

describe.each(['https', 'http'])('through the proxy of %s addresses, a call', (scheme) => {
  const name = `${scheme.toUpperCase()}_PROXY`;
  const origin = `${scheme}://${PROXIED_HOST}`;
  const asked = scheme === 'https' ? `CONNECT ${PROXIED_HOST}:443` : `GET ${callOf('ww1', origin).url.href}`;

  it('gets its answer, and the proxy sees no more than it has to', async () => {
    const client = open({ [name]: site.proxyUrl() });
    site.wecom.behave('gettoken', reply(200, 'ok'));
    expect(await client.send(callOf('ww1', origin))).toEqual({ status: 200, text: 'ok' });
    expect(site.asked).toEqual([asked]);
    const headers = site.wecom.calls[0]?.headers ?? {};
    expect(headers.host).toBe(PROXIED_HOST);
    expect(headers).not.toHaveProperty('proxy-authorization');
  });

  it.each([
    ['without its password', '', null, 'wants another user and password (407)'],
    ['with another one', 'egress:wrong', null, 'wants another user and password (407)'],
  ])('%s is told what to set', async (_what, credentials, refusal, reason) => {
    site.refuse(refusal);
    const client = open({ [name]: site.proxyUrl(credentials) });
    expect(await reasonOf(client.send(callOf('ww1', origin)))).toBe(
      `the proxy of ${name} ${reason}; put them into ${name}, as http://user:password@host:port`,
    );
    await site.allClosed();
  });

  it('is told of a proxy that is not there', async () => {
    const client = open({ [name]: await refusedUrl() });
    expect(await reasonOf(client.send(callOf('ww1', origin)))).toBe(
      `the proxy of ${name} cannot be reached (ECONNREFUSED); correct ${name}, or list in NO_PROXY what is to be called directly`,
    );
  });

  it('ends at its deadline where the proxy is silent', async () => {
    site.refuse('silence');
    const failed = reasonOf(open({ [name]: site.proxyUrl() }).send(callOf('ww1', origin)));
    while (site.asked.length === 0) await new Promise(setImmediate);
    await clock.advance(LIMIT_MS);
    expect(await failed).toBe('no complete answer in time');
    // A tunnel that was asked for is waited for in real time, by nobody here.
    await site.leave();
    await site.comeBack();
  });

  it('goes past the proxy where NO_PROXY says so, whatever the process’ own variables are', async () => {
    process.env[name] = site.proxyUrl();
    try {
      const client = open({ [name]: site.proxyUrl(), NO_PROXY: '127.0.0.1,192.0.2.0/24' });
      expect(await client.send(callOf('ww1'))).toMatchObject({ status: 200 });
      const failed = reasonOf(client.send(callOf('ww2', origin)));
      await clock.advance(LIMIT_MS);
      expect(await failed).toMatch(/^(no complete answer in time|the connection failed)/);
      expect(site.asked).toEqual([]);
    } finally {
      delete process.env[name];
    }
  });
});

describe('through CONNECT, a call', () => {
  const origin = `https://${PROXIED_HOST}`;

  it('is told of a proxy that refuses, and leaves no connection', async () => {
    site.refuse(403);
    const client = open({ HTTPS_PROXY: site.proxyUrl() });
    expect(await reasonOf(client.send(callOf('ww1', origin)))).toBe(
      'the proxy of HTTPS_PROXY refuses to connect (403); have it allow that host, or list in NO_PROXY what is to be called directly',
    );
    await site.allClosed();
  });

  it('is told of a proxy that is silent before the deadline, where the clock goes', async () => {
    site.refuse('silence');
    const startedMs = performance.now();
    expect(await reasonOf(open({ HTTPS_PROXY: site.proxyUrl() }).send(callOf('ww1', origin)))).toBe(
      'the proxy of HTTPS_PROXY opened no tunnel in time; look at it, or list in NO_PROXY what is to be called directly',
    );
    expect(performance.now() - startedMs).toBeGreaterThan(4_000);
  });

  it('does not take another host’s certificate', async () => {
    const elsewhere = 'https://192.0.2.2';
    expect(await reasonOf(open({ HTTPS_PROXY: site.proxyUrl() }).send(callOf('ww1', elsewhere)))).toBe(
      'the connection failed (ERR_TLS_CERT_ALTNAME_INVALID)',
    );
  });

  it('has 4 tunnels for each corp', async () => {
    const client = open({ HTTPS_PROXY: site.proxyUrl() });
    const held = hold();
    site.wecom.behave('gettoken', held);
    const calls = Array.from({ length: 12 }, () => client.send(callOf('ww1', origin)));
    await held.arrived;
    while (site.wecom.calls.length < 4) await new Promise(setImmediate);
    expect(site.openSockets()).toBe(4);
    held.release();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(12).fill(200));
  });
});
