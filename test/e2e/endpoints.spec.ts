/** Which endpoints can be registered, with the built process on both stores: embedded and MongoDB. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import type { Place } from '../support/place.js';
import { postJson, register, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { saved } from '../support/puppets.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { openRepository } from '../support/stores.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';

const say = (url: string, app: WecomApp, openKfId: string, endpoint: string) =>
  postJson(`${url}/puppetWxkfManager/register`, registrationOf(app, openKfId, endpoint));

onEachStoreNightly((newPlace) => {
  const old = newApp('callback');
  let place: Place;
  let manager: ManagerProcess;

  beforeAll(async () => {
    place = newPlace();
    // An older version took it.
    const { repository, close } = await openRepository({ ...place, discard: async () => {} });
    await saved(repository, { corpId: old.corpId, openKfId: newOpenKfId() }, Date.now());
    await close();
    manager = await startManager(place.env);
  });

  afterAll(async () => {
    await manager.stop();
    await place.discard();
  });

  describe('a registration', () => {
    it.each([
      ['169.254.169.254', 'point to a link-local address (169.254.169.254)'],
      ['2852039166', 'point to a link-local address (169.254.169.254)'],
      ['0xa9fea9fe', 'point to a link-local address (169.254.169.254)'],
      ['0251.0376.0251.0376', 'point to a link-local address (169.254.169.254)'],
      ['169.254.169.254.', 'point to a link-local address (169.254.169.254)'],
      ['①⑥⑨.254.169.254', 'point to a link-local address (169.254.169.254)'],
      ['[::ffff:169.254.169.254]', 'point to a link-local address (169.254.169.254)'],
      ['[::169.254.169.254]', 'point to a link-local address (169.254.169.254)'],
      ['[64:ff9b::a9fe:a9fe]', 'point to a link-local address (169.254.169.254)'],
      ['[64:ff9b:1:a9fe:a9:fe00::]', 'point to a link-local address (169.254.169.254)'],
      ['[2002:a9fe:a9fe::]', 'point to a link-local address (169.254.169.254)'],
      ['[2001:0:808:808::5601:5601]', 'point to a link-local address (169.254.169.254)'],
      ['[fe80::1]', 'point to a link-local address (fe80::1)'],
      ['[fd00:ec2::254]', "point to a cloud's metadata address (fd00:ec2::254)"],
      ['1684301000', "point to a cloud's metadata address (100.100.100.200)"],
      ['224.0.0.1', 'point to a multicast address (224.0.0.1)'],
      ['[ff02::1]', 'point to a multicast address (ff02::1)'],
      ['255.255.255.255', 'point to a broadcast address (255.255.255.255)'],
      ['0', 'point to an unspecified address (0.0.0.0)'],
      ['[::]', 'point to an unspecified address (::)'],
      ['user:password@bots.example', 'carry a user name or password'],
    ])('for http://%s is refused and stored nowhere', async (host, what) => {
      const openKfId = newOpenKfId();
      const response = await say(manager.url, newApp(), openKfId, `http://${host}/bot-7`);
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
      const [app, openKfId] = [newApp(), newOpenKfId()];
      await register(manager.url, app, openKfId, puppet.url);
      expect((await say(manager.url, app, openKfId, 'http://169.254.169.254')).status).toBe(400);
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      expect(puppet.received).toHaveLength(1);
      await puppet.close();
    });
  });

  describe('an endpoint that is the manager itself', () => {
    it('has no corp whose callbacks would go round in it, not even one that an older version took', async () => {
      const openKfId = newOpenKfId();
      const refused = await sendMessage(manager.url, old, openKfId);
      expect(refused.status).toBe(400);
      await manager.line(({ requestId }) => requestId === refused.headers.get('x-request-id'));
      const response = await say(manager.url, old, openKfId, `${manager.url}/callback`);
      expect(await response.json()).toMatchObject({ code: 400, error: 'REQUEST_INVALID' });
    });

    it('takes nothing, and each attempt is one request', async () => {
      const refusals = () => manager.log.filter(({ outcome }) => outcome === 'refused').length;
      const before = refusals();
      const [app, openKfId] = [newApp(), newOpenKfId()];
      await register(manager.url, app, openKfId, manager.url);
      const url = `${manager.url}/callback/decrypted/${app.corpId}`;
      const answer = await postJson(url, { token: 'SYNC', openKfId });
      expect(await answer.json()).toMatchObject({ delivery: 'pending' });
      const later = await manager.line(({ msg }) => msg === 'hint.attempted');
      expect(later).toMatchObject({ stage: 'status', reason: 'the answer was 400' });
      await manager.stop();
      const attempts = 1 + manager.log.filter(({ msg }) => msg === 'hint.attempted').length;
      expect(refusals() - before).toBe(attempts);
    });
  });
});
