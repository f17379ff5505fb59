/**
 * Which endpoints can be registered, and where an event is sent to and where never, with the built process on both stores:
 * embedded and MongoDB. Real listeners see it: 0.0.0.0 leads to those of 127.0.0.1, so that they would notice.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { stablePort } from '../../lab/faults/ports.js';
import { type InventedNames, inventNames } from '../support/invented-names.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import type { Place } from '../support/place.js';
import { postJson, register, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { saved } from '../support/puppets.js';
import { type RawServer, startRawServer } from '../support/raw-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { openRepository } from '../support/stores.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';

/** So that every event has a connection of its own. */
const TAKEN_AND_CLOSED = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';
const NOT_LISTED = 'be an address or name that PUPPET_ENDPOINT_ALLOW lists';

async function listen(at?: { readonly host: string; readonly port?: number }): Promise<RawServer> {
  // Another manager may still be dialling a port that the kernel gives to whoever asks, and connections are counted here.
  const port = await stablePort();
  return startRawServer((socket) => void socket.end(TAKEN_AND_CLOSED), { port, ...at });
}

const portOf = ({ url }: RawServer): number => Number(new URL(url).port);
const [delivered, pending] = ['delivered', 'pending'].map((delivery) =>
  expect.objectContaining({ delivery }),
);

onEachStoreNightly((newPlace) => {
  const [app, old] = [newApp(), newApp('callback')];
  /** Registered by an earlier version at 0.0.0.0, and by an earlier run at what is not listed now. */
  const [ofVersion, ofRun] = [newOpenKfId(), newOpenKfId()];
  let place: Place;
  let names: InventedNames;
  let manager: ManagerProcess;
  /** At 127.0.0.1, where both of them lead. */
  let forbidden: RawServer;
  let openKfId: string;
  const listeners: RawServer[] = [];

  const start = async (PUPPET_ENDPOINT_ALLOW = ''): Promise<void> => {
    manager = await startManager({ ...place.env, ...names.env, PUPPET_ENDPOINT_ALLOW });
  };

  beforeAll(async () => {
    [place, names, forbidden] = [newPlace(), inventNames(), await listen()];
    // An earlier version took them.
    const { repository, close } = await openRepository({ ...place, discard: async () => {} });
    const endpoint = `http://0.0.0.0:${portOf(forbidden)}`;
    await saved(repository, { corpId: old.corpId, openKfId: newOpenKfId() }, Date.now());
    await saved(repository, { corpId: app.corpId, openKfId: ofVersion, endpoint }, Date.now() - 60_000);
    await close();
    await start();
  });

  afterAll(async () => {
    await manager.stop();
    await forbidden.close();
    names.discard();
    await place.discard();
  });

  beforeEach(() => {
    openKfId = newOpenKfId();
  });

  afterEach(async () => {
    await Promise.all(listeners.splice(0).map((listener) => listener.close()));
  });

  const listener = async (at?: { readonly host: string; readonly port?: number }): Promise<RawServer> => {
    const opened = await listen(at);
    listeners.push(opened);
    return opened;
  };
  const say = (of: WecomApp, account: string, endpoint: string) =>
    postJson(`${manager.url}/puppetWxkfManager/register`, registrationOf(of, account, endpoint));
  const registerAt = (endpoint: string) => register(manager.url, app, openKfId, endpoint);
  const send = async (token: string, to = openKfId) => {
    const url = `${manager.url}/callback/decrypted/${app.corpId}`;
    return (await postJson(url, { token, openKfId: to })).json();
  };
  const lineOf = (account: string, is: (line: ManagerProcess['log'][number]) => boolean) =>
    manager.line((line) => line.openKfId === account && is(line));
  const nextTry = () => lineOf(openKfId, ({ msg, taken }) => msg === 'hint.attempted' && taken === false);
  const buried = (account: string) => lineOf(account, ({ msg }) => msg === 'hint.buried');

  describe('a registration', () => {
    it.each([
      ['169.254.169.254', 'point to a link-local address (169.254.169.254)'],
      ['user:password@bots.example', 'carry a user name or password'],
    ])('for http://%s is refused and stored nowhere', async (host, what) => {
      const response = await say(newApp(), openKfId, `http://${host}/bot-7`);
      expect([response.status, await response.json()]).toEqual([
        400,
        expect.objectContaining({
          error: 'REQUEST_INVALID',
          message: `The request is not valid: endpoint must not ${what}`,
        }),
      ]);
      const info = await fetch(`${manager.url}/puppetWxkfManager/puppetWxkfInfo/${openKfId}`);
      expect(info.status).toBe(404);
    });

    it('that is refused leaves the earlier one as it is', async () => {
      const puppet = await startPuppetServer();
      await registerAt(puppet.url);
      expect((await say(app, openKfId, 'http://169.254.169.254')).status).toBe(400);
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      expect(puppet.received).toHaveLength(1);
      await puppet.close();
    });

    it('of an earlier version is not dialled where its endpoint may not be, and what was kept goes to the next', async () => {
      expect(await send('SYNC', ofVersion)).toEqual(pending);
      expect(await buried(ofVersion)).toMatchObject({
        stage: 'endpoint',
        reason: 'the registered endpoint must not point to an unspecified address (0.0.0.0)',
      });
      expect(forbidden.connections).toBe(0);
      const next = await listener();
      const kept = next.next();
      await register(manager.url, app, ofVersion, next.url);
      await kept;
      expect(next.connections).toBe(1);
    });
  });

  describe('an endpoint that is the manager itself', () => {
    it('has no corp whose callbacks would go round in it, not even one that an older version took', async () => {
      const refused = await sendMessage(manager.url, old, openKfId);
      expect(refused.status).toBe(400);
      await manager.line(({ requestId }) => requestId === refused.headers.get('x-request-id'));
      const response = await say(old, openKfId, `${manager.url}/callback`);
      expect(await response.json()).toMatchObject({ code: 400, error: 'REQUEST_INVALID' });
    });

    it('takes nothing, and each attempt is one request', async () => {
      const refusals = () => manager.log.filter(({ outcome }) => outcome === 'refused').length;
      const before = refusals();
      await registerAt(manager.url);
      expect(await send('SYNC')).toEqual(pending);
      expect(await nextTry()).toMatchObject({ stage: 'status', reason: 'the answer was 400' });
      // The attempts are over when another one has taken it.
      const other = await listener();
      await registerAt(other.url);
      await lineOf(openKfId, ({ msg, taken }) => msg === 'hint.attempted' && taken === true);
      const attempts = manager.log.filter(
        (line) => line.openKfId === openKfId && line.msg === 'hint.attempted' && line.taken === false,
      );
      expect(refusals() - before).toBe(1 + attempts.length);
      expect(other.connections).toBe(1);
    });
  });

  describe('a name', () => {
    it('is not dialled where it leads to what nobody may point to', async () => {
      const unspecified = await listener();
      names.lead('nobody.test', '0.0.0.0', '169.254.169.254', '::ffff:0.0.0.0');
      await registerAt(`http://nobody.test:${portOf(unspecified)}`);
      expect(await send('SYNC')).toEqual(pending);
      expect(await nextTry()).toMatchObject({
        stage: 'connect',
        reason:
          'no connection (the name leads to 0.0.0.0, and an endpoint must not point to an unspecified address (0.0.0.0))',
      });
      expect(unspecified.connections).toBe(0);
    });

    it('that leads elsewhere than at its last connection is judged anew, and served when it is back', async () => {
      const bot = await listener();
      names.lead('bots.test', '127.0.0.1');
      await registerAt(`http://bots.test:${portOf(bot)}`);
      expect(await send('SYNC-1')).toEqual(delivered);
      names.lead('bots.test', '0.0.0.0');
      expect(await send('SYNC-2')).toEqual(pending);
      expect(bot.connections).toBe(1);
      const kept = bot.next();
      names.lead('bots.test', '127.0.0.1');
      await kept;
      expect(bot.connections).toBe(2);
    });

    it('that nobody resolves takes nothing, by its stage connect, and is served once it is resolved', async () => {
      const bot = await listener();
      names.lead('failing.test');
      await registerAt(`http://failing.test:${portOf(bot)}`);
      expect(await send('SYNC')).toEqual(pending);
      expect(await nextTry()).toMatchObject({
        stage: 'connect',
        reason: expect.stringContaining('ENOTFOUND'),
      });
      const kept = bot.next();
      names.lead('failing.test', '127.0.0.1');
      await kept;
    });
  });

  describe('with a list', () => {
    beforeAll(async () => {
      await register(manager.url, app, ofRun, forbidden.url);
      await manager.stop();
      await start('127.0.0.2,10.0.0.0/8,*.bots.test');
    });

    it('an address that is not listed is refused at its registration', async () => {
      const response = await say(app, openKfId, 'http://127.0.0.1:8080');
      expect(await response.json()).toMatchObject({
        code: 400,
        message: `The request is not valid: endpoint must ${NOT_LISTED}`,
      });
    });

    it('a registration of an earlier run is not dialled where its endpoint is not listed', async () => {
      const before = forbidden.connections;
      expect(await send('SYNC', ofRun)).toEqual(pending);
      const reason = `the registered endpoint must ${NOT_LISTED}`;
      expect(await buried(ofRun)).toMatchObject({ stage: 'endpoint', reason });
      expect(forbidden.connections).toBe(before);
    });

    it('a name is dialled only at those of its addresses that are allowed', async () => {
      const listed = await listener({ host: '127.0.0.2' });
      const other = await listener({ host: '127.0.0.1', port: portOf(listed) });
      names.lead('several.test', '127.0.0.1', '127.0.0.2');
      await registerAt(`http://several.test:${portOf(listed)}`);
      expect(await send('SYNC-1')).toEqual(delivered);
      names.lead('several.test', '127.0.0.1');
      expect(await send('SYNC-2')).toEqual(pending);
      expect(await nextTry()).toMatchObject({
        stage: 'connect',
        reason: `no connection (the name leads to 127.0.0.1, and an endpoint must ${NOT_LISTED})`,
      });
      expect([listed.connections, other.connections]).toEqual([1, 0]);
    });

    it('a name that is listed may lead to an address that is not', async () => {
      const bot = await listener();
      names.lead('a.bots.test', '127.0.0.1');
      await registerAt(`http://a.bots.test:${portOf(bot)}`);
      expect(await send('SYNC')).toEqual(delivered);
      expect(bot.requests).toBe(1);
    });
  });
});
