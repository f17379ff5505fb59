/** `wxkf-manager connect`, as built: a bot's program that nobody can call takes its events as if it had an address. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectTo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LineProcess } from '../../packages/simulator/demo/line-process.js';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { BotServer } from '../support/bot-server.js';
import { newCertificate } from '../support/certificate.js';
import { runCli, spawnCli } from '../support/cli-process.js';
import { startConnect } from '../support/connect-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, sealedPlace } from '../support/place.js';
import { postJson, startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { join as joinSockets, listen, startTlsFront } from '../support/tls-front.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';

/** One line of `--json`. */
interface Told {
  readonly id: string;
  readonly openKfId: string;
  readonly attempt: number;
  readonly status: number | null;
  readonly taken: boolean;
  readonly reason: string | null;
  readonly retryAfterMs: number | null;
}

const place = sealedPlace(embeddedPlace());
let wecom: Simulator;
let manager: ManagerProcess;
let app: WecomApp;
let openKfId: string;
let program: BotServer;
let running: LineProcess[];

beforeAll(async () => {
  wecom = await startSimulator({ accounts: ['messages', 'down'] });
  manager = await startManager({
    ...{ ...place.env, HOST: '127.0.0.1' },
    ...{ WECOM_API_URL: wecom.url, ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken` },
  });
});

afterAll(async () => {
  await manager.stop();
  await wecom.close();
  await place.discard();
});

beforeEach(async () => {
  [app, openKfId, running] = [newApp(), newOpenKfId(), []];
  program = await BotServer.start();
  await made('/api/v1/apps', { ...app });
});

afterEach(async () => {
  await Promise.all(running.map((connect) => connect.stop('SIGKILL')));
  await program.close();
});

async function made<T>(path: string, body: object): Promise<T> {
  const response = await postJson(manager.url + path, body);
  expect([path, response.status, response.ok ? '' : await response.text()]).toEqual([path, 200, '']);
  return (await response.json()) as T;
}

/** With the keys that are shown once given to the program. */
async function addBot(fields: object = {}): Promise<BotCreatedAnswer> {
  const bot = { name: 'Laptop', corpId: app.corpId, openKfIds: [openKfId], kind: 'stream', ...fields };
  const answer = await made<BotCreatedAnswer>('/api/v1/bots', bot);
  program.keys = { token: answer.token ?? '', encodingAESKey: answer.encodingAESKey ?? '' };
  return answer;
}

/** Resolves once it is connected, unless it is not to be waited for. */
async function connect(
  key: string,
  {
    args = [],
    forward = program.url,
    url = manager.url,
    env = {},
    isReady = true,
  }: {
    readonly args?: readonly string[];
    readonly forward?: string;
    readonly url?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly isReady?: boolean;
  } = {},
): Promise<LineProcess> {
  const options = ['--manager', url, '--forward', forward, ...args];
  const child = startConnect(key, options, env);
  running.push(child);
  if (isReady) await child.line(/ connected to /);
  return child;
}

async function told(child: LineProcess, is: (line: Told) => boolean = () => true): Promise<Told> {
  const lines = (): Told[] =>
    child.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  await until(() => lines().some(is));
  return lines().find(is) as Told;
}

/** A customer has written. @returns what WeCom is answered. */
async function news(): Promise<string> {
  const response = await sendMessage(manager.url, app, openKfId);
  return `${response.status} ${await response.text()}`;
}

describe('a program that takes callbacks as WeCom sends them', () => {
  it.each(['stream', 'callback'])('gets the events of a bot of kind %s, sealed for it', async (kind) => {
    const callback = kind === 'callback' && { callback: { url: await refusedUrl() } };
    const { key, openKfIds } = await addBot({ kind, ...callback });
    const child = await connect(key, {
      forward: `${program.url}/wxkf/?tenant=7`,
      args: ['--client', 'laptop-1'],
    });
    const arrival = program.next();
    expect(await news()).toBe('200 success');
    const { path, query, headers } = await arrival;
    expect([path, query.tenant]).toEqual(['/wxkf/', '7']);
    expect(headers).toMatchObject({
      'content-type': 'text/xml',
      'webhook-id': expect.stringMatching(/./),
      'webhook-timestamp': expect.stringMatching(/^\d+$/),
      'x-wxkf-attempt': '1',
    });
    expect(program.opened).toEqual([
      { event: 'kf_msg_or_event', syncToken: expect.stringMatching(/./), openKfId, receiveId: app.corpId },
    ]);
    expect(await child.line(new RegExp(`^\\d\\d:\\d\\d:\\d\\d ${openKfIds[0]} `))).toMatch(/ 200 \d+ ms$/);
    // Nobody else was sent it.
    expect(program.received).toHaveLength(1);
  });

  it('gets again what it refused, with the same id, and one JSON object says so of each attempt', async () => {
    const { key } = await addBot();
    program.behave((_request, response) => {
      response.writeHead(program.received.length === 1 ? 500 : 200).end();
    });
    const child = await connect(key, { args: ['--json'] });
    expect(await news()).toBe('200 success');
    const [first, second] = [
      await told(child, ({ attempt }) => attempt === 1),
      await told(child, ({ attempt }) => attempt === 2),
    ];
    expect(first).toEqual({
      at: expect.stringMatching(/Z$/),
      ...{ id: second.id, openKfId, corpId: app.corpId, form: 'event', attempt: 1 },
      ...{ ageMs: expect.any(Number), taken: false, status: 500, durationMs: expect.any(Number) },
      ...{ reason: 'the answer was 500', retryAfterMs: null },
    });
    expect(second).toMatchObject({ taken: true, status: 200, reason: null });
    expect(program.received.map(({ headers }) => headers['webhook-id'])).toEqual([first.id, first.id]);
  });

  it('loses nothing while it is not there', async () => {
    const { key } = await addBot();
    const away = await refusedUrl();
    const child = await connect(key, { args: ['--json'], forward: away });
    expect(await news()).toBe('200 success');
    expect(await told(child)).toMatchObject({
      ...{ taken: false, status: null, reason: 'ECONNREFUSED', retryAfterMs: 1_000 },
    });
    const server = await startPuppetServer(undefined, Number(new URL(away).port));
    expect(await told(child, ({ taken }) => taken)).toMatchObject({ status: 200 });
    await server.close();
  });

  it('is given up a moment before the manager gives it up', async () => {
    const { key } = await addBot({ kind: 'callback', callback: { url: program.url, timeoutMs: 500 } });
    program.behave((_request, response) => {
      if (program.received.length > 1) response.end();
    });
    const child = await connect(key, { args: ['--json'] });
    expect(await news()).toBe('200 success');
    expect(await told(child)).toMatchObject({ status: null, reason: 'no answer within 0.25 s' });
    // A busy machine may be late once more.
    expect((await told(child, ({ taken }) => taken)).attempt).toBeGreaterThan(1);
  });
});

it('reaches a manager behind TLS through HTTPS_PROXY, and the program directly', async () => {
  const [address, folder] = [[192, 0, 2, 1], mkdtempSync(join(tmpdir(), 'wxkf-connect-'))];
  const certificate = newCertificate(new Date(Date.now() + 86_400_000), address);
  const front = await startTlsFront(certificate, Number(new URL(manager.url).port));
  const asked: string[] = [];
  const proxy = createServer().on('connect', ({ url = '' }, socket) => {
    asked.push(url);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    joinSockets(socket as Socket, connectTo(front.port, '127.0.0.1'));
  });
  const proxyPort = await listen(proxy);
  const authority = join(folder, 'authority.pem');
  writeFileSync(authority, certificate.cert);
  const { key } = await addBot();
  const child = await connect(key, {
    url: `https://${address.join('.')}`,
    env: { HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`, NODE_EXTRA_CA_CERTS: authority },
  });
  expect(await news()).toBe('200 success');
  expect([asked, program.opened]).toEqual([['192.0.2.1:443'], [expect.objectContaining({ openKfId })]]);
  await child.stop('SIGKILL');
  proxy.close();
  await front.close();
  rmSync(folder, { recursive: true });
});

describe('messages', () => {
  const addMessageBot = (account: number): Promise<BotCreatedAnswer> => {
    const { corpId, corpSecret, accounts } = wecom;
    openKfId = accounts[account]?.openKfId ?? '';
    return addBot({ corpId, corpSecret, openKfIds: [openKfId], takes: 'message' });
  };

  beforeAll(async () => {
    const { corpId, callback } = wecom;
    const { token, encodingAESKey } = callback;
    await made('/api/v1/apps', { corpId, token, encodingAESKey });
    const url = `${manager.url}/callback/${corpId}`;
    expect(await wecom.saveCallback({ ...callback, url })).toMatchObject({ isVerified: true });
  });

  it('come to the program as JSON, one after the other', async () => {
    const { key } = await addMessageBot(0);
    const child = await connect(key, { args: ['--json'] });
    for (const text of ['one', '二']) wecom.say(text, { openKfId });
    await until(() => program.received.length === 2);
    expect(program.received.map(({ headers }) => headers['content-type'])).toEqual([
      'application/json',
      'application/json',
    ]);
    expect(program.received.map(({ body }) => JSON.parse(body).text.content)).toEqual(['one', '二']);
    expect(await told(child)).toMatchObject({ form: 'message', openKfId, taken: true });
  });

  it('are not counted as refused while the program is not there', async () => {
    const { key } = await addMessageBot(1);
    const child = await connect(key, { args: ['--json'], forward: await refusedUrl() });
    wecom.say('to nobody', { openKfId });
    await told(child);
    await until(async () => {
      const response = await fetch(`${manager.url}/api/v1/messages?openKfId=${openKfId}`);
      const { items } = (await response.json()) as {
        readonly items: readonly { readonly attempts: number; readonly refusals: number }[];
      };
      expect(items.every(({ refusals }) => refusals === 0)).toBe(true);
      return items.some(({ attempts }) => attempts > 0);
    });
  });
});

describe('it ends', () => {
  it('with 3 where the key is wrong, or does not count any more', async () => {
    const wrong = await connect(`wxkf_${'k'.repeat(43)}`, { isReady: false });
    expect(await wrong.exited).toBe(3);
    expect(wrong.lines.join()).toMatch(/^401 /);
    const { id, key } = await addBot();
    const child = await connect(key);
    await fetch(`${manager.url}/api/v1/bots/${id}`, { method: 'DELETE' });
    expect(await child.exited).toBe(3);
    expect(child.lines.at(-1)).toBe('the key does not count any more');
  });

  it('with 4 where the same client has connected elsewhere, and that one goes on', async () => {
    const { key } = await addBot();
    const first = await connect(key, { args: ['--client', 'laptop-1'] });
    const second = await connect(key, { args: ['--client', 'laptop-1'] });
    expect(await first.exited).toBe(4);
    expect(first.lines.at(-1)).toBe('the same client has connected elsewhere');
    expect(await news()).toBe('200 success');
    await second.line(/ 200 /);
  });

  it('with 1 where the manager does not take what it says', async () => {
    const { key } = await addBot();
    const child = await connect(key, { args: ['--accounts', 'wkOther'], isReady: false });
    expect(await child.exited).toBe(1);
    expect(child.lines.at(-1)).toMatch(/openKfIds must be accounts of the bot; wkOther is not one/);
  });

  it('with 141 when whoever reads its output has gone, so that it is started again', async () => {
    const { key } = await addBot();
    const child = spawnCli(
      { WXKF_KEY: key },
      ...['connect', '--manager', manager.url, '--forward', program.url],
    );
    const [said] = await once(child.stderr, 'data');
    expect(String(said)).toMatch(/ connected to /);
    child.stdout.destroy();
    const ended = once(child, 'close');
    expect(await news()).toBe('200 success');
    expect(await ended).toEqual([141, null]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('with 0 by %s, once what is under way is taken', async (signal) => {
    const { key } = await addBot();
    let answer = (): void => {};
    program.behave((_request, response) => {
      answer = () => response.end();
    });
    const child = await connect(key, { args: ['--json'] });
    const [arrival, answered] = [program.next(), news()];
    await arrival;
    const ended = child.stop(signal);
    answer();
    expect(await ended).toBe(0);
    expect(await answered).toBe('200 success');
    expect(await told(child)).toMatchObject({ taken: true });
    const waiting = await fetch(`${manager.url}/api/v1/hints?state=waiting&corpId=${app.corpId}`);
    expect(await waiting.json()).toMatchObject({ items: [] });
  });
});

it('says what is wrong with a command line', async () => {
  const { code, stdout, stderr } = await runCli(
    {},
    'connect',
    '--manager',
    'http://m',
    '--forward',
    'http://f',
  );
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining("'--key <KEY>' not specified")]);
});
