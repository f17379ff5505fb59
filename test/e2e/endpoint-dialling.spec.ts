/**
 * Where an event is sent to and where never, seen by real listeners: 0.0.0.0 leads to those of 127.0.0.1, so that
 * they would notice. With the built process on both stores: embedded and MongoDB.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type InventedNames, inventNames } from '../support/invented-names.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import type { Place } from '../support/place.js';
import { postJson, register, registrationOf } from '../support/puppet-server.js';
import { saved } from '../support/puppets.js';
import { type RawServer, startRawServer } from '../support/raw-server.js';
import { onEachStore, openRepository } from '../support/stores.js';
import { newApp, newOpenKfId } from '../support/wecom.js';

/** So that every event has a connection of its own. */
const TAKEN_AND_CLOSED = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';
const NOT_LISTED = 'be an address or name that PUPPET_ENDPOINT_ALLOW lists';

onEachStore((newPlace) => {
  const app = newApp();
  let place: Place;
  let names: InventedNames;
  let manager: ManagerProcess;
  let openKfId: string;
  const listeners: RawServer[] = [];

  beforeEach(() => {
    place = newPlace();
    names = inventNames();
    openKfId = newOpenKfId();
  });

  afterEach(async () => {
    await manager.stop();
    await Promise.all(listeners.splice(0).map((listener) => listener.close()));
    names.discard();
    await place.discard();
  });

  const start = async (PUPPET_ENDPOINT_ALLOW = ''): Promise<void> => {
    manager = await startManager({ ...place.env, ...names.env, PUPPET_ENDPOINT_ALLOW });
  };
  const listen = async (at?: { readonly host: string; readonly port?: number }): Promise<RawServer> => {
    const listener = await startRawServer((socket) => void socket.end(TAKEN_AND_CLOSED), at);
    listeners.push(listener);
    return listener;
  };
  const portOf = ({ url }: RawServer): number => Number(new URL(url).port);
  const registerAt = (endpoint: string) => register(manager.url, app, openKfId, endpoint);
  const send = async (token: string) => {
    const url = `${manager.url}/callback/decrypted/${app.corpId}`;
    return (await postJson(url, { token, openKfId })).json();
  };
  const [delivered, pending] = ['delivered', 'pending'].map((delivery) =>
    expect.objectContaining({ delivery }),
  );

  describe('a name', () => {
    const nextTry = () => manager.line(({ msg, taken }) => msg === 'hint.attempted' && taken === false);

    it('is not dialled where it leads to what nobody may point to', async () => {
      const listener = await listen();
      names.lead('bots.test', '0.0.0.0', '169.254.169.254', '::ffff:0.0.0.0');
      await start();
      await registerAt(`http://bots.test:${portOf(listener)}`);
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
      await start();
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

    it('is dialled only at those of its addresses that are allowed', async () => {
      const listed = await listen();
      const other = await listen({ host: '127.0.0.2', port: portOf(listed) });
      names.lead('bots.test', '127.0.0.2', '127.0.0.1');
      await start('127.0.0.1');
      await registerAt(`http://bots.test:${portOf(listed)}`);
      expect(await send('SYNC-1')).toEqual(delivered);
      names.lead('bots.test', '127.0.0.2');
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
      await start('10.0.0.0/8,*.bots.test');
      await registerAt(`http://a.bots.test:${portOf(listener)}`);
      expect(await send('SYNC')).toEqual(delivered);
      expect(listener.requests).toBe(1);
    });

    it('that is not listed is refused at its registration where no address is listed either', async () => {
      await start('*.bots.test');
      const url = `${manager.url}/puppetWxkfManager/register`;
      const response = await postJson(url, registrationOf(app, openKfId, 'http://other.test'));
      expect(await response.json()).toMatchObject({
        code: 400,
        message: `The request is not valid: endpoint must ${NOT_LISTED}`,
      });
    });
  });

  describe('a registration of an earlier run', () => {
    const buried = () => manager.line(({ msg }) => msg === 'hint.buried');

    it('is not dialled when PUPPET_ENDPOINT_ALLOW does not list its endpoint now', async () => {
      const listener = await listen();
      await start();
      await registerAt(listener.url);
      await manager.stop();
      await start('127.0.0.2');
      expect(await send('SYNC')).toEqual(pending);
      const reason = `the registered endpoint must ${NOT_LISTED}`;
      expect(await buried()).toMatchObject({ stage: 'endpoint', reason });
      expect(listener.connections).toBe(0);
    });

    it('that an older version took is not dialled, and what was kept goes to the next endpoint', async () => {
      const listener = await listen();
      const { repository, close } = await openRepository({ ...place, discard: async () => {} });
      const endpoint = `http://0.0.0.0:${portOf(listener)}`;
      await saved(repository, { corpId: app.corpId, openKfId, endpoint }, Date.now() - 60_000);
      await close();
      await start();
      expect(await send('SYNC')).toEqual(pending);
      const reason = 'the registered endpoint must not point to an unspecified address (0.0.0.0)';
      expect(await buried()).toMatchObject({ stage: 'endpoint', reason });
      expect(listener.connections).toBe(0);
      const kept = listener.next();
      await registerAt(listener.url);
      await kept;
    });
  });
});
