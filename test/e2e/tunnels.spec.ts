/** Tunnels by CONNECT through the built process, for programs whose base of WeCom's API is fixed. */
import { once } from 'node:events';
import type { Agent } from 'node:https';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PROXIED_HOST, type ProxiedWecom, startProxiedWecom } from '../support/forward-proxy.js';
import { jsonOf, openSocket, valuesOf } from '../support/http-call.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { type Labels, scrape } from '../support/metrics.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { refusedUrl } from '../support/raw-server.js';
import { findIn } from '../support/secret-forms.js';
import { ShiftedTime } from '../support/shifted-time.js';
import { join, listen, startTlsFront, type TlsFront } from '../support/tls-front.js';
import {
  type AddedBot,
  addTunnelBot,
  agentThrough,
  basicOf,
  callThrough,
  openTunnel,
  refusalOf,
  tunnelOf,
} from '../support/tunnels.js';
import { until } from '../support/until.js';
import { newApp, type WecomApp } from '../support/wecom.js';

const CORP_SECRET = 'corp-secret-of-the-tunnels';
const OPERATOR = 'marked-credential_of-operators';
const WRONG_KEY = 'wxkf_marked-key-of-nobody-at-all';
const TARGET = `${PROXIED_HOST}:443`;
const API = `https://${PROXIED_HOST}/cgi-bin`;

/** More than any test has open at once, but for the one that fills them up. */
const CONNECTIONS_MAX = 150;

let site: ProxiedWecom;
let front: TlsFront;
let relay: Relay;
let place: Place;
let manager: ManagerProcess;
/** Of the running test. */
let app: WecomApp;
let bot: AddedBot;
const agents: Agent[] = [];
/** All keys that were given. */
const keys: string[] = [];

beforeAll(async () => {
  site = await startProxiedWecom();
  front = await startTlsFront(site.certificate, Number(new URL(site.wecom.url).port));
  relay = await startRelay(front.port);
});

afterAll(async () => {
  relay.close();
  await Promise.all([site.close(), front.close()]);
});

beforeEach(() => {
  app = newApp();
  site.wecom.addSecret(app.corpId, CORP_SECRET);
  site.asked.length = 0;
  site.wecom.calls.length = 0;
});

afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy();
});

async function start(more: Readonly<Record<string, string>> = {}): Promise<void> {
  place = embeddedPlace();
  manager = await startManager({
    ...place.env,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'trace',
    AUTH_OPERATOR_TOKEN: OPERATOR,
    DRAIN_TIMEOUT_MS: '3000',
    WECOM_API_URL: `https://${PROXIED_HOST}`,
    TUNNEL_CONNECT_TO: `127.0.0.1:${relay.port}`,
    TUNNELS: 'true',
    ...more,
  });
}

async function addBot(): Promise<void> {
  bot = await addTunnelBot(manager.url, app.corpId, OPERATOR);
  keys.push(bot.key);
}

async function stop(): Promise<void> {
  expect(await manager.stop()).toBe(0);
  expect(findIn(manager.output(), [...keys, OPERATOR, WRONG_KEY, CORP_SECRET])).toEqual([]);
  await place.discard();
}

/** One manager for all tests of the suite in which this is called, and a bot for each of them. */
function managerWith(more: () => Readonly<Record<string, string>> = () => ({})): void {
  beforeAll(() => start(more()));
  beforeEach(addBot);
  afterAll(stop);
}

/** For the one test that needs it so. */
async function startOwn(more: Readonly<Record<string, string>>): Promise<void> {
  await start(more);
  await addBot();
}

function newAgent(): Agent {
  const agent = agentThrough(manager.url, bot.key, site.certificate.cert);
  agents.push(agent);
  return agent;
}

const openOwn = (): Promise<Socket> => tunnelOf(manager.url, TARGET, basicOf(bot.key));
const lineOf = (name: string) => manager.line(({ msg, botId }) => msg === name && botId === bot.id);
const closedLine = () => lineOf('tunnel.closed');
const metrics = () => scrape(manager.url, { authorization: `Bearer ${OPERATOR}` });

describe('with a WeCom that answers', () => {
  managerWith(() => ({
    CONNECTIONS_PER_ADDRESS_MAX: String(CONNECTIONS_MAX),
    DRAIN_TIMEOUT_MS: '60000',
  }));

  describe('a program with HTTPS_PROXY', () => {
    it('calls WeCom, by its own TLS, over one tunnel', async () => {
      const before = await metrics();
      const agent = newAgent();
      const token = await callThrough(
        agent,
        `${API}/gettoken?corpid=${app.corpId}&corpsecret=${CORP_SECRET}`,
      );
      const { access_token } = jsonOf(token);
      const list = await callThrough(agent, `${API}/kf/account/list?access_token=${access_token}`);
      expect(jsonOf(list)).toMatchObject({ errcode: 0 });
      expect(site.wecom.callsTo('kf/account/list')[0]?.headers).not.toHaveProperty('proxy-authorization');
      expect(site.asked).toEqual([]);

      const open = await metrics();
      expect(open.value('wxkf_tunnels_open')).toBe(1);
      agent.destroy();
      const line = await closedLine();
      expect(line).toMatchObject({
        level: 30,
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        botId: bot.id,
        corpId: app.corpId,
        target: TARGET,
        durationMs: expect.any(Number),
        why: expect.stringMatching(/^(ended|broken)$/),
      });
      const after = await metrics();
      expect(after.value('wxkf_tunnels_open')).toBe(0);
      const added = (name: string, labels: Labels) => after.sum(name, labels) - before.sum(name, labels);
      expect(added('wxkf_tunnels_total', { result: String(line.why) })).toBe(1);
      for (const [direction, field] of [
        ['to_wecom', 'toWecomBytes'],
        ['from_wecom', 'fromWecomBytes'],
      ] as const) {
        expect(line[field]).toBeGreaterThan(500);
        expect(added('wxkf_tunnel_bytes_total', { direction })).toBe(line[field]);
      }
      const lines = manager.log.filter(({ msg, botId }) => msg.startsWith('tunnel.') && botId === bot.id);
      expect(lines).toHaveLength(1);
    });

    it('gets a large file whole', async () => {
      site.wecom.addMedia('m1', { sizeBytes: 5_000_000 });
      const accessToken = site.wecom.tokenOf(app.corpId, CORP_SECRET);
      const file = await callThrough(newAgent(), `${API}/media/get?access_token=${accessToken}&media_id=m1`);
      expect(file.body.length).toBe(5_000_000);
    });

    it('may send its key as Bearer, on a connection that asked for something before', async () => {
      const request = `GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n` as const;
      const socket = openSocket(manager.url, request);
      await once(socket, 'data');
      socket.write(`CONNECT ${TARGET} HTTP/1.1\r\nProxy-Authorization: Bearer ${bot.key}\r\n\r\n`);
      const [answer] = await once(socket, 'data');
      expect(String(answer)).toMatch(/^HTTP\/1\.1 200 Connection established\r\nx-request-id: \S+\r\n\r\n$/);
      socket.destroy();
    });
  });

  describe('a tunnel is refused', () => {
    it('without a key, with what to send', async () => {
      const answer = await refusalOf(manager.url, TARGET, '', { 'x-request-id': 'request-7' });
      expect(answer.status).toBe(407);
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'x-request-id': 'request-7',
        connection: 'close',
      });
      expect(valuesOf(answer.rawHeaders, 'proxy-authenticate')).toEqual([
        'Basic realm="wxkf-manager", charset="UTF-8"',
        'Bearer realm="wxkf-manager"',
      ]);
      expect(jsonOf(answer)).toEqual({
        code: 407,
        error: 'TUNNEL_KEY_MISSING',
        message: expect.stringContaining('HTTPS_PROXY=http://bot:<key>@<manager>'),
        requestId: 'request-7',
      });
      expect(await manager.line(({ requestId }) => requestId === 'request-7')).toMatchObject({
        msg: 'tunnel.refused',
        level: 30,
        target: expect.stringMatching(/^192\.0\.2\.1/),
        status: 407,
        error: 'TUNNEL_KEY_MISSING',
      });
    });

    it('with a wrong key, which counts: the right one is still taken', async () => {
      const before = await metrics();
      const statuses: number[] = [];
      for (let n = 0; n < 33; n++) {
        const answer = await refusalOf(manager.url, TARGET, basicOf(n === 0 ? OPERATOR : `${WRONG_KEY}${n}`));
        statuses.push(answer.status);
        if (answer.status === 429) expect(answer.headers['retry-after']).toMatch(/^\d+$/);
      }
      expect(statuses).toEqual([...Array(30).fill(407), 429, 429, 429]);
      expect((await manager.line(({ msg }) => msg === 'http.too_many_failures')).failed).toBe('credentials');
      (await openOwn()).destroy();
      const samples = await metrics();
      expect(samples.value('wxkf_error_answers_total', { error: 'TUNNEL_KEY_WRONG' })).toBe(30);
      const refused = [before, samples].map((one) => one.sum('wxkf_tunnels_total', { result: 'refused' }));
      expect(refused[1]).toBe(Number(refused[0]) + 33);
    });

    it('to anywhere else', async () => {
      for (const target of [
        'other.example:443',
        `${PROXIED_HOST}:80`,
        '127.0.0.1:443',
        `https://${TARGET}`,
        `user@${TARGET}`,
        PROXIED_HOST,
      ]) {
        const socket = openSocket(
          manager.url,
          `CONNECT ${target} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: ${basicOf(bot.key)}\r\n\r\n`,
        );
        let read = '';
        for await (const chunk of socket) read += chunk;
        expect(read).toMatch(/^HTTP\/1\.1 40[03] .*(TUNNEL_TARGET_FORBIDDEN|REQUEST_MALFORMED)/s);
      }
    });

    it('beyond 64 of the bot, and no more than 30 a second are opened', async () => {
      const opened = await Promise.all(
        Array.from({ length: 100 }, () => openTunnel(manager.url, TARGET, basicOf(bot.key))),
      );
      const refused = opened.flatMap((one) => ('refused' in one ? [one.refused] : []));
      expect(refused.length).toBeGreaterThanOrEqual(36);
      expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
      expect(refused[0]?.headers['retry-after']).toBe('1');
      expect(String(refused[0]?.body)).toContain('"error":"TUNNELS_TOO_MANY"');
      for (const one of opened) if ('socket' in one) one.socket.destroy();
    });
  });

  it('what WeCom breaks off is broken for the program, too', async () => {
    const socket = await openOwn();
    const closed = once(socket, 'close');
    // The begin of a TLS record. Connections of tunnels that a test before has closed may still arrive, and have sent nothing.
    socket.write(Buffer.of(0x16));
    const own = () => relay.accepted.find(({ bytesRead, destroyed }) => bytesRead === 1 && !destroyed);
    await until(() => own() !== undefined);
    own()?.resetAndDestroy();
    await closed;
    expect(await closedLine()).toMatchObject({ why: 'broken', reason: 'ECONNRESET' });
  });

  it('a tunnel counts as a connection of its address', async () => {
    // Of an address that nothing else comes from.
    const dial = async (): Promise<Socket> => {
      const { hostname: host, port } = new URL(manager.url);
      const socket = connect({ host, port: Number(port), localAddress: '127.0.0.8' }).on('error', () => {});
      await once(socket, 'connect');
      return socket;
    };
    const openFromThere = async (): Promise<Socket | null> => {
      const socket = await dial();
      socket.write(`CONNECT ${TARGET} HTTP/1.1\r\nProxy-Authorization: ${basicOf(bot.key)}\r\n\r\n`);
      const answer = await new Promise<string | null>((resolve) => {
        socket.once('data', (bytes) => resolve(String(bytes))).once('close', () => resolve(null));
      });
      if (answer !== null) expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      return answer === null ? null : socket;
    };
    const others = await Promise.all(Array.from({ length: CONNECTIONS_MAX - 1 }, dial));
    const tunnel = await openFromThere();
    expect(await openFromThere()).toBeNull();
    tunnel?.destroy();
    await closedLine();
    const next = await openFromThere();
    expect(next).not.toBeNull();
    for (const socket of [...others, next]) socket?.destroy();
  });

  it('at a stop one that ends by itself lets the process go at once', async () => {
    const socket = await openOwn();
    const exited = manager.stop('SIGTERM');
    await manager.line(({ msg }) => msg === 'manager.draining');
    socket.destroy();
    expect(await exited).toBe(0);
  });
});

describe('at a stop', () => {
  afterEach(stop);

  it('new tunnels are refused, and open ones end some time before the process', async () => {
    await startOwn({ DRAIN_DELAY_MS: '500', DRAIN_TIMEOUT_MS: '2500' });
    const socket = await openOwn();
    const closed = once(socket, 'close');
    const exited = manager.stop('SIGTERM');
    const beganMs = performance.now();
    await manager.line(({ msg }) => msg === 'manager.draining');
    const answer = await refusalOf(manager.url, TARGET, basicOf(bot.key));
    expect([answer.status, jsonOf(answer).error]).toEqual([503, 'TUNNELS_ENDING']);
    expect(answer.headers['retry-after']).toBe('1');
    await closed;
    // Half of what is left after the delay, since the limit is a short one.
    expect(performance.now() - beganMs).toBeGreaterThan(1_300);
    expect(await exited).toBe(0);
    expect(await closedLine()).toMatchObject({ why: 'stopped' });
    expect(manager.log.at(-1)?.msg).toBe('manager.stopped');
  });
});

it('a tunnel is closed after 60 s without a byte, and one that has had a byte since is not', async () => {
  const time = new ShiftedTime(true);
  await startOwn(time.env);
  const [silent, busy] = [await openOwn(), await openOwn()];
  const closed = once(silent, 'close');
  time.goAhead(59_000);
  busy.write(Buffer.of(0x16));
  await until(() => relay.accepted.some(({ bytesRead, destroyed }) => bytesRead === 1 && !destroyed));
  time.goAhead(1_000);
  await closed;
  expect(await closedLine()).toMatchObject({ why: 'idle' });
  expect(busy.destroyed).toBe(false);
  busy.destroy();
  await stop();
  time.discard();
});

describe('through the forward proxy of HTTPS_PROXY', () => {
  managerWith(() => ({ TUNNEL_CONNECT_TO: '', HTTPS_PROXY: site.proxyUrl() }));
  afterEach(() => {
    site.refuse(null);
    expect(findIn(manager.output(), ['p4ss+/word'])).toEqual([]);
  });

  it('it is that one that is asked, with its own credentials', async () => {
    const answer = await callThrough(newAgent(), `${API}/kf/account/list?access_token=T`);
    expect(jsonOf(answer)).toMatchObject({ errcode: 40014 });
    expect(site.asked).toEqual([`CONNECT ${TARGET}`]);
  });

  it('one that refuses its credentials is told of with what to do', async () => {
    site.refuse(407);
    const answer = await refusalOf(manager.url, TARGET, basicOf(bot.key));
    const error = 'WECOM_UNREACHABLE';
    expect([answer.status, jsonOf(answer)]).toEqual([
      504,
      expect.objectContaining({ error, message: expect.stringContaining('put them into HTTPS_PROXY') }),
    ]);
    await site.allClosed();
    const line = await lineOf('tunnel.refused');
    expect(line).toMatchObject({ level: 40, error, reason: expect.stringContaining('HTTPS_PROXY') });
    expect((await metrics()).value('wxkf_tunnels_total', { result: 'unreachable' })).toBe(1);
  });

  it('a caller that goes while it is silent leaves nothing behind', async () => {
    site.refuse('silence');
    const socket = openSocket(
      manager.url,
      `CONNECT ${TARGET} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: ${basicOf(bot.key)}\r\n\r\n`,
    );
    await until(() => site.asked.length > 0);
    socket.resetAndDestroy();
    expect(await closedLine()).toMatchObject({ why: 'broken', toWecomBytes: 0 });
    await site.allClosed();
  });
});

interface Relay {
  readonly port: number;
  /** All connections so far. */
  readonly accepted: readonly Socket[];
  close(): void;
}

/** As a service in front of the port. */
async function startRelay(to: number): Promise<Relay> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    accepted.push(socket);
    join(socket, connect(to, '127.0.0.1'));
  });
  return { port: await listen(server), accepted, close: () => server.close() };
}

// That it does not dial its own address is in tunnel-dialler.spec.ts.
it('the manager is never dialled by itself through an address that is not its own', async () => {
  const port = Number(new URL(await refusedUrl()).port);
  const itself = await startRelay(port);
  // It knows its own requests whatever key they bring.
  const HTTPS_PROXY = `http://bot:${WRONG_KEY}@127.0.0.1:${itself.port}`;
  await startOwn({ PORT: String(port), TUNNEL_CONNECT_TO: '', HTTPS_PROXY });
  const answer = await refusalOf(manager.url, TARGET, basicOf(bot.key));
  expect([answer.status, jsonOf(answer).message]).toEqual([
    504,
    expect.stringContaining('refuses to connect (403)'),
  ]);
  await manager.line(({ error }) => error === 'WECOM_UNREACHABLE');
  const errors = manager.log.filter(({ msg }) => msg === 'tunnel.refused').map(({ error }) => error);
  expect(errors).toEqual(['TUNNEL_TO_ITSELF', 'WECOM_UNREACHABLE']);
  itself.close();
  await stop();
});
