/**
 * Where an event is sent to and where never, seen by real listeners: 0.0.0.0 leads to those of 127.0.0.1, so that
 * they would notice. What an earlier run has stored is judged on both stores: embedded and MongoDB.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { stablePort } from '../../faults/ports.js';
import { type InventedNames, inventNames } from '../support/invented-names.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { postJson, register, registrationOf } from '../support/puppet-server.js';
import { saved } from '../support/puppets.js';
import { type RawServer, startRawServer } from '../support/raw-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { openRepository } from '../support/stores.js';
import { newApp, newOpenKfId } from '../support/wecom.js';

/** So that every event has a connection of its own. */
const TAKEN_AND_CLOSED = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';
const NOT_LISTED = 'be an address or name that PUPPET_ENDPOINT_ALLOW lists';

const app = newApp();
let place: Place;
let names: InventedNames;
let manager: ManagerProcess;
let openKfId: string;
const listeners: RawServer[] = [];

beforeEach(() => {
  openKfId = newOpenKfId();
});

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

const open = (newPlace: () => Place): void => {
  place = newPlace();
  names = inventNames();
};
const start = async (PUPPET_ENDPOINT_ALLOW = ''): Promise<void> => {
  manager = await startManager({ ...place.env, ...names.env, PUPPET_ENDPOINT_ALLOW });
};
const close = async (): Promise<void> => {
  await manager.stop();
  names.discard();
  await place.discard();
};
const listen = async (at?: { readonly host: string; readonly port?: number }): Promise<RawServer> => {
  // Another manager may still be dialling a port that the kernel gives to whoever asks, and connections are counted here.
  const port = await stablePort();
  const listener = await startRawServer((socket) => void socket.end(TAKEN_AND_CLOSED), { port, ...at });
  listeners.push(listener);
  return listener;
};
const portOf = ({ url }: RawServer): number => Number(new URL(url).port);
const registerAt = (endpoint: string) => register(manager.url, app, openKfId, endpoint);
const send = async (token: string, to = openKfId) => {
  const url = `${manager.url}/callback/decrypted/${app.corpId}`;
  return (await postJson(url, { token, openKfId: to })).json();
};
const [delivered, pending] = ['delivered', 'pending'].map((delivery) =>
  expect.objectContaining({ delivery }),
);

describe('a name', () => {
  function managerWith(allow?: string): void {
    beforeAll(async () => {
      open(embeddedPlace);
      await start(allow);
    });
    afterAll(close);
  }

  const nextTry = () =>
    manager.line(
      (line) => line.msg === 'hint.attempted' && line.taken === false && line.openKfId === openKfId,
    );

  describe('without a list', () => {
    managerWith();

    it('is not dialled where it leads to what nobody may point to', async () => {
      const listener = await listen();
      names.lead('nobody.test', '0.0.0.0', '169.254.169.254', '::ffff:0.0.0.0');
      await registerAt(`http://nobody.test:${portOf(listener)}`);
      expect(await send('SYNC')).toEqual(pending);
      expect(await nextTry()).toMatchObject({
        stage: 'connect',
        reason:
          'no connection (the name leads to 0.0.0.0, and an endpoint must not point to an unspecified address (0.0.0.0))',
      });
      expect(listener.connections).toBe(0);
    });

    it('that leads elsewhere than at its last connection is judged anew, and served when it is back', async () => {
      const listener = await listen();
      names.lead('bots.test', '127.0.0.1');
      await registerAt(`http://bots.test:${portOf(listener)}`);
      expect(await send('SYNC-1')).toEqual(delivered);
      names.lead('bots.test', '0.0.0.0');
      expect(await send('SYNC-2')).toEqual(pending);
      expect(listener.connections).toBe(1);
      const kept = listener.next();
      names.lead('bots.test', '127.0.0.1');
      await kept;
      expect(listener.connections).toBe(2);
    });
  });

  describe('with a list', () => {
    managerWith('127.0.0.1,10.0.0.0/8,*.bots.test');

    it('is dialled only at those of its addresses that are allowed', async () => {
      const listed = await listen();
      const other = await listen({ host: '127.0.0.2', port: portOf(listed) });
      names.lead('several.test', '127.0.0.2', '127.0.0.1');
      await registerAt(`http://several.test:${portOf(listed)}`);
      expect(await send('SYNC-1')).toEqual(delivered);
      names.lead('several.test', '127.0.0.2');
      expect(await send('SYNC-2')).toEqual(pending);
      expect(await nextTry()).toMatchObject({
        stage: 'connect',
        reason: `no connection (the name leads to 127.0.0.2, and an endpoint must ${NOT_LISTED})`,
      });
      expect([listed.connections, other.connections]).toEqual([1, 0]);
    });

    it('that is listed may lead to an address that is not', async () => {
      const listener = await listen({ host: '127.0.0.2' });
      names.lead('a.bots.test', '127.0.0.2');
      await registerAt(`http://a.bots.test:${portOf(listener)}`);
      expect(await send('SYNC')).toEqual(delivered);
      expect(listener.requests).toBe(1);
    });
  });

  describe('with a list of names alone', () => {
    managerWith('*.bots.test');

    it('that is not listed is refused at its registration where no address is listed either', async () => {
      const url = `${manager.url}/puppetWxkfManager/register`;
      const response = await postJson(url, registrationOf(app, openKfId, 'http://other.test'));
      expect(await response.json()).toMatchObject({
        code: 400,
        message: `The request is not valid: endpoint must ${NOT_LISTED}`,
      });
    });
  });
});

onEachStoreNightly((newPlace) => {
  beforeAll(() => open(newPlace));
  afterAll(close);

  const buried = (account: string) =>
    manager.line((line) => line.msg === 'hint.buried' && line.openKfId === account);

  it('a registration of an earlier run or version is not dialled where its endpoint may not be, and what was kept goes to the next', async () => {
    const [listener, older] = [await listen(), newOpenKfId()];
    const { repository, close: closeStore } = await openRepository({ ...place, discard: async () => {} });
    const endpoint = `http://0.0.0.0:${portOf(listener)}`;
    await saved(repository, { corpId: app.corpId, openKfId: older, endpoint }, Date.now() - 60_000);
    await closeStore();
    await start();
    await registerAt(listener.url);
    expect(await send('SYNC', older)).toEqual(pending);
    expect(await buried(older)).toMatchObject({
      stage: 'endpoint',
      reason: 'the registered endpoint must not point to an unspecified address (0.0.0.0)',
    });
    expect(listener.connections).toBe(0);
    const kept = listener.next();
    await register(manager.url, app, older, listener.url);
    await kept;
    expect(listener.connections).toBe(1);

    await manager.stop();
    await start('127.0.0.2');
    expect(await send('SYNC')).toEqual(pending);
    const reason = `the registered endpoint must ${NOT_LISTED}`;
    expect(await buried(openKfId)).toMatchObject({ stage: 'endpoint', reason });
    expect(listener.connections).toBe(1);
  });
});
