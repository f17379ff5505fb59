/** How the built process stops: drained, at once, or late. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
// One of them is MongoDB.
import { onEachStoreNightly } from '../support/each-store.js';
import { until } from '../support/until.js';
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
  // One that follows at once counts as the same signal.
  await until(() => {
    void manager.stop('SIGTERM');
    return manager.log.some(({ msg }) => msg === 'manager.stopped_at_once');
  });
  expect(await exited).toBe(0);
  expect(manager.log.at(-1)?.msg).toBe('manager.stopped_at_once');
});

it('is gone at the time limit, whatever holds it', async () => {
  const manager = await start({ DRAIN_TIMEOUT_MS: '300' });
  // A test is waited for, which its puppet does not answer.
  puppet.behave(() => {});
  const arrived = puppet.next();
  void fetch(`${manager.url}/api/v1/accounts/${openKfId}/test`, { method: 'POST' }).catch(() => {});
  await arrived;
  expect(await manager.stop('SIGTERM')).toBe(0);
  expect(await manager.line(({ msg }) => msg === 'manager.stopped_late')).toMatchObject({ level: 40 });
});

it('closes its store before the time limit, whoever still waits for an answer', async () => {
  const manager = await start({ DRAIN_TIMEOUT_MS: '5000' });
  const socket = await halfSent(manager);
  expect(await manager.stop('SIGTERM')).toBe(0);
  expect(manager.log.at(-1)?.msg).toBe('manager.stopped');
  socket.destroy();
});

it('is not held by callers that hang up, before their body was there or while the puppet takes its time, and says so in one line each', async () => {
  const manager = await start();
  (await halfSent(manager)).destroy();
  const answered = await manager.line(({ aborted }) => aborted === true);
  expect(answered).toMatchObject({ msg: 'http.answered' });
  const held = Promise.withResolvers<ServerResponse>();
  puppet.behave((_request, response) => held.resolve(response));
  const arrived = puppet.next();
  const waiting = await connected(manager);
  const { query, body } = sealCallback(app, kfMessageXml(app, openKfId));
  waiting.write(
    `POST /callback/${app.corpId}?${new URLSearchParams(query)} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await arrived;
  waiting.destroy();
  const pending = await manager.line(({ aborted, msg }) => aborted === true && msg !== 'http.answered');
  expect(pending).toMatchObject({ msg: 'callback.answered', outcome: 'pending' });
  (await held.promise).end();
  expect(await manager.stop('SIGTERM')).toBe(0);
  for (const line of [answered, pending]) {
    expect(line.status).toBeUndefined();
    expect(manager.log.filter(({ requestId }) => requestId === line.requestId)).toEqual([line]);
  }
  expect(manager.log.at(-1)?.msg).toBe('manager.stopped');
});

it('ends at a signal that comes while it starts', async () => {
  const manager = spawnManager(place.env);
  await manager.line(({ msg }) => msg === 'manager.starting');
  expect(await manager.stop('SIGTERM')).toBe(0);
});

onEachStoreNightly((newPlace) => {
  it('finishes what is under way before it goes and repeats none of it: callbacks, deliveries, a file of WeCom, a token; its store then opens without being looked through, and Ctrl-C skips the delay', async () => {
    const own = newPlace();
    const wecom = await startWecomServer();
    wecom.addSecret(app.corpId, 'app-secret');
    wecom.addMedia('m1', { sizeBytes: 3_000_000 });
    const urls = { WECOM_API_URL: wecom.url, ACCESS_TOKEN_URL: wecom.tokenUrl };
    const manager = await startManager({ ...own.env, ...urls });
    const accessToken = wecom.tokenOf(app.corpId, 'app-secret');
    const [inline, kept] = [newOpenKfId(), newOpenKfId()];
    for (const account of [openKfId, inline, kept]) await register(manager.url, app, account, puppet.url);

    const [file, token] = [hold(), hold()];
    wecom.behave('media/get', file);
    wecom.behave('gettoken', token);
    const get = (path: string) => fetch(`${manager.url}/puppetWxkfManager/${path}`);
    const fromWecom = [
      get(`wxkfRequestProxy/media/get?media_id=m1&access_token=${accessToken}`),
      get(`getToken?corpid=${app.corpId}&corpsecret=app-secret`),
    ] as const;
    await Promise.all([file.arrived, token.arrived]);

    puppet.behave((_request, response) => response.writeHead(500).end());
    await sendMessage(manager.url, app, kept);
    const held: ServerResponse[] = [];
    puppet.behave((_request, response) => void held.push(response));
    await puppet.next();
    const ofInline = sendMessage(manager.url, app, inline);
    await puppet.next();
    // Its delivery goes on after the answer.
    expect((await ofInline).status).toBe(200);
    const arrived = puppet.next();
    const unanswered = send(manager);
    await arrived;
    const silent = await connected(manager);

    const exited = manager.stop('SIGTERM');
    await manager.line(({ msg }) => msg === 'manager.draining');
    for (const response of held) response.end('success');
    file.release();
    token.release();
    const [media, given] = await Promise.all(fromWecom);
    expect((await unanswered).status).toBe(200);
    expect((await media.bytes()).length).toBe(3_000_000);
    expect(await given.json()).toMatchObject({ errcode: 0, access_token: accessToken });
    // Nor does a caller hold it that keeps its connection open and says nothing.
    expect(await exited).toBe(0);
    await manager.line(({ msg }) => msg === 'manager.stopped');
    silent.destroy();
    await wecom.close();
    if (own.env.DATA_DIR !== undefined) expectClosed(own.env.DATA_DIR);

    puppet.behave((_request, response) => void response.end());
    const again = await startManager({ ...own.env, DRAIN_DELAY_MS: '60000', DRAIN_TIMEOUT_MS: '120000' });
    const response = await fetch(`${again.url}/health`);
    const { details } = (await response.json()) as { details: { outbox: object } };
    expect(details.outbox).toMatchObject({ waiting: 0, dead: 0 });
    expect((await send(again)).status).toBe(200);
    expect(await again.stop('SIGINT')).toBe(0);
    await again.line(({ msg }) => msg === 'manager.stopped');
    await own.discard();
  });
});

/** Nothing is left to be replayed. */
function expectClosed(dataDir: string): void {
  expect(readdirSync(dataDir).sort()).toEqual(['lock.db', 'log.db', 'wxkf.db']);
}
