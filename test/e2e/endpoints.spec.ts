/** Which endpoints can be registered, with the built process on both stores: embedded and MongoDB. */
import { describe, expect, it } from '@jest/globals';
import { startManager } from '../support/manager-process.js';
import { postJson, register, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { saved } from '../support/puppets.js';
import { onEachStore, openRepository } from '../support/stores.js';
import { suiteManager } from '../support/suite-manager.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';

const say = (url: string, app: WecomApp, openKfId: string, endpoint: string) =>
  postJson(`${url}/puppetWxkfManager/register`, registrationOf(app, openKfId, endpoint));

onEachStore((newPlace) => {
  describe('a registration', () => {
    const manager = suiteManager(newPlace);

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
    it('takes nothing, and each attempt is one request', async () => {
      const place = newPlace();
      const manager = await startManager(place.env);
      const [app, openKfId] = [newApp(), newOpenKfId()];
      await register(manager.url, app, openKfId, manager.url);
      const url = `${manager.url}/callback/decrypted/${app.corpId}`;
      const answer = await postJson(url, { token: 'SYNC', openKfId });
      expect(await answer.json()).toMatchObject({ delivery: 'pending' });
      const later = await manager.line(({ msg }) => msg === 'hint.attempted');
      expect(later).toMatchObject({ stage: 'status', reason: 'the puppet answered 400' });
      await manager.stop();
      const outcomes = manager.log.filter(({ msg }) => msg === 'callback.answered');
      const attempts = 1 + manager.log.filter(({ msg }) => msg === 'hint.attempted').length;
      expect(outcomes.filter(({ outcome }) => outcome === 'refused')).toHaveLength(attempts);
      await place.discard();
    });

    it('has no corp whose callbacks would go round in it, not even one that an older version took', async () => {
      const place = newPlace();
      const [app, openKfId] = [newApp('callback'), newOpenKfId()];
      const { repository, close } = await openRepository({ ...place, discard: async () => {} });
      await saved(repository, { corpId: app.corpId, openKfId }, Date.now());
      await close();
      const manager = await startManager(place.env);
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(400);
      const response = await say(manager.url, app, openKfId, `${manager.url}/callback`);
      expect(await response.json()).toMatchObject({ code: 400, error: 'REQUEST_INVALID' });
      await manager.stop();
      await place.discard();
    });
  });
});
