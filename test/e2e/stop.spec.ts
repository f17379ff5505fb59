/** How the built process stops: drained, at once, or late. */
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
// One of them is MongoDB.
import { onEachStore } from '../support/stores.js';
import { kfMessageXml, newApp, newOpenKfId, sealCallback, sendMessage } from '../support/wecom.js';
import { hold } from '../support/wecom-faults.js';
import { startWecomServer } from '../support/wecom-server.js';

const app = newApp();
const openKfId = newOpenKfId();
let place: Place;
let puppet: PuppetServer;

beforeEach(async () => {
  place = embeddedPlace();
  puppet = await startPuppetServer();
});

afterEach(async () => {
  await puppet.close();
  await place.discard();
});

async function start(env: Record<string, string> = {}): Promise<ManagerProcess> {
  const manager = await startManager({ ...place.env, ...env });
  await register(manager.url, app, openKfId, puppet.url);
  return manager;
}

async function connected(manager: ManagerProcess): Promise<Socket> {
  const { hostname, port } = new URL(manager.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** A request that was taken up, since it is asked to go on, and whose body never comes. */
async function halfSent(manager: ManagerProcess): Promise<Socket> {
  const socket = await connected(manager);
  socket.write(
    `POST /callback/${app.corpId} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
  );
  await once(socket, 'data');
  return socket;
}

const send = (manager: ManagerProcess) => sendMessage(manager.url, app, openKfId);

it('goes on serving after SIGTERM for the drain delay, not ready, and asks callers to close', async () => {
  const manager = await start({ DRAIN_DELAY_MS: '60000', DRAIN_TIMEOUT_MS: '120000' });
  const exited = manager.stop('SIGTERM');
  await manager.line(({ msg }) => msg === 'manager.draining');
  expect((await fetch(`${manager.url}/health/ready`)).status).toBe(503);
  expect((await fetch(`${manager.url}/health/live`)).status).toBe(200);
  const response = await send(manager);
  expect([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
  await register(manager.url, app, openKfId, `${puppet.url}/moved`);
  expect((await send(manager)).status).toBe(200);
  expect(puppet.received.map(({ path }) => path)).toEqual(['/callback', '/moved/callback']);
  void manager.stop('SIGTERM');
  expect(await exited).toBe(0);
});

it('finishes calls of WeCom that are under way, a file and a token, before it goes', async () => {
  const wecom = await startWecomServer();
  wecom.addSecret(app.corpId, 'app-secret');
  wecom.addMedia('m1', { sizeBytes: 3_000_000 });
  const manager = await start({ WECOM_API_URL: wecom.url, ACCESS_TOKEN_URL: wecom.tokenUrl });
  const accessToken = wecom.tokenOf(app.corpId, 'app-secret');
  const [file, token] = [hold(), hold()];
  wecom.behave('media/get', file);
  wecom.behave('gettoken', token);
  const get = (path: string) => fetch(`${manager.url}/puppetWxkfManager/${path}`);
  const answers = [
    get(`wxkfRequestProxy/media/get?media_id=m1&access_token=${accessToken}`),
    get(`getToken?corpid=${app.corpId}&corpsecret=app-secret`),
  ] as const;
  await Promise.all([file.arrived, token.arrived]);
  const exited = manager.stop();
  await manager.line(({ msg }) => msg === 'manager.draining');
  file.release();
  token.release();
  const [media, given] = await Promise.all(answers);
  expect((await media.bytes()).length).toBe(3_000_000);
  expect(await given.json()).toMatchObject({ errcode: 0, access_token: accessToken });
  expect(await exited).toBe(0);
  await wecom.close();
});

it('finishes what is under way before it goes', async () => {
  const manager = await start();
  let take = () => {};
  puppet.behave((_request, response) => {
    take = () => response.end();
  });
  const arrived = puppet.next();
  const answer = send(manager);
  await arrived;
  const exited = manager.stop('SIGTERM');
  await manager.line(({ msg }) => msg === 'manager.draining');
  take();
  expect((await answer).status).toBe(200);
  expect(await exited).toBe(0);
});

it('skips the delay at Ctrl-C', async () => {
  const manager = await start({ DRAIN_DELAY_MS: '60000', DRAIN_TIMEOUT_MS: '120000' });
  expect(await manager.stop('SIGINT')).toBe(0);
  await manager.line(({ msg }) => msg === 'manager.stopped');
});

it('is gone at the time limit, whatever holds it', async () => {
  const manager = await start({ DRAIN_TIMEOUT_MS: '300' });
  const socket = await halfSent(manager);
  expect(await manager.stop('SIGTERM')).toBe(0);
  expect(await manager.line(({ msg }) => msg === 'manager.stopped_late')).toMatchObject({ level: 40 });
  socket.destroy();
});

it.each([
  ['before its body was there', { msg: 'http.answered' }, (manager: ManagerProcess) => halfSent(manager)],
  [
    'while the puppet takes its time',
    { msg: 'callback.answered', outcome: 'pending' },
    async (manager: ManagerProcess) => {
      puppet.behave(() => {});
      const arrived = puppet.next();
      const socket = await connected(manager);
      const { query, body } = sealCallback(app, kfMessageXml(app, openKfId));
      socket.write(
        `POST /callback/${app.corpId}?${new URLSearchParams(query)} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      await arrived;
      return socket;
    },
  ],
])('is not held by a caller that hangs up %s, and says so in one line', async (_when, said, call) => {
  const manager = await start();
  const socket = await call(manager);
  socket.destroy();
  const line = await manager.line(({ aborted }) => aborted === true);
  expect(line).toMatchObject(said);
  expect(line.status).toBeUndefined();
  expect(await manager.stop('SIGTERM')).toBe(0);
  expect(manager.log.filter(({ requestId }) => requestId === line.requestId)).toEqual([line]);
  expect(manager.log.at(-1)?.msg).toBe('manager.stopped');
});

it('ends at a signal that comes while it starts', async () => {
  const manager = spawnManager(place.env);
  await manager.line(({ msg }) => msg === 'manager.starting');
  expect(await manager.stop('SIGTERM')).toBe(0);
});

it('is not held by a caller that keeps its connection open and says nothing', async () => {
  const manager = await start();
  const socket = await connected(manager);
  expect(await manager.stop('SIGTERM')).toBe(0);
  await manager.line(({ msg }) => msg === 'manager.stopped');
  socket.destroy();
});

it('leaves a store behind that opens without being looked through', async () => {
  const manager = await start();
  expect(await manager.stop()).toBe(0);
  const [file, marker] = ['store.mdb', 'store.json'].map((name) => join(place.env.DATA_DIR ?? '', name));
  const { size: bytes, mtimeMs } = statSync(file ?? '');
  expect(JSON.parse(readFileSync(marker ?? '', 'utf8'))).toEqual({
    schemaVersion: 1,
    databases: ['puppets', 'hints', 'unreadableHints', 'resyncGrants', 'accessTokens', 'apps'],
    closed: { bytes, mtimeMs },
  });
  const again = await startManager(place.env);
  expect((await send(again)).status).toBe(200);
  await again.stop();
});

onEachStore((newPlace) => {
  it('ends deliveries that are under way, inline and from the outbox, and repeats none of them', async () => {
    const own = newPlace();
    const manager = await startManager(own.env);
    const [inline, kept] = [newOpenKfId(), newOpenKfId()];
    for (const account of [inline, kept]) await register(manager.url, app, account, puppet.url);
    puppet.behave((_request, response) => response.writeHead(500).end());
    await sendMessage(manager.url, app, kept);
    const held: ServerResponse[] = [];
    puppet.behave((_request, response) => void held.push(response));
    await puppet.next();
    const answered = sendMessage(manager.url, app, inline);
    await puppet.next();
    expect((await answered).status).toBe(200);
    const exited = manager.stop('SIGTERM');
    await manager.line(({ msg }) => msg === 'manager.draining');
    for (const response of held) response.end('success');
    expect(await exited).toBe(0);

    const again = await startManager(own.env);
    const response = await fetch(`${again.url}/health`);
    const { details } = (await response.json()) as { details: { outbox: object } };
    expect(details.outbox).toMatchObject({ waiting: 0, dead: 0 });
    await again.stop();
    await own.discard();
  });
});
