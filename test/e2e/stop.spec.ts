/** How the built process stops: drained, at once, or late. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

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
  const manager = await start({ DRAIN_DELAY_MS: '60000', DRAIN_TIMEOUT_MS: '50' });
  expect(await manager.stop('SIGTERM')).toBe(0);
  await manager.line(({ msg }) => msg === 'manager.stopped_late');
});

it('is not held by a caller that keeps its connection open and says nothing', async () => {
  const manager = await start();
  const { hostname, port } = new URL(manager.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.on('error', () => {});
  expect(await manager.stop('SIGTERM')).toBe(0);
  await manager.line(({ msg }) => msg === 'manager.stopped');
  socket.destroy();
});

it('leaves a store behind that opens without being looked through', async () => {
  const manager = await start();
  expect(await manager.stop()).toBe(0);
  const again = await startManager(place.env);
  expect((await send(again)).status).toBe(200);
  await again.stop();
});
