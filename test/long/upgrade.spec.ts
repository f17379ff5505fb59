/** The upgrade from the public manager 1.0.3, as docs/upgrade.md tells it: over its MongoDB, beside it, and back. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { runCli } from '../support/cli-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { hintCounts } from '../support/metrics.js';
import { mongoSuite } from '../support/mongo/database.js';
import { newSecretsKey, type Place } from '../support/place.js';
import { PublicManager } from '../support/public-manager.js';
import { findStored } from '../support/stored-bytes.js';
import {
  type PuppetServer,
  postJson,
  register,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { mongoPlace } from '../support/each-store.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  sealCallback,
  sendMessage,
  type WecomApp,
} from '../support/wecom.js';

const CORP_SECRET = 'corp-secret-of-the-tests';

mongoSuite('the upgrade from manager 1.0.3', () => {
  let place: Place;
  let uri: string;
  let client: mongoose.mongo.MongoClient;
  let documents: mongoose.mongo.Collection;
  let puppet: PuppetServer;
  const running = new Set<ManagerProcess>();
  const publicOnes = new Set<PublicManager>();

  beforeEach(async () => {
    place = mongoPlace();
    uri = place.env.MONGO_URI ?? '';
    client = await mongoose.mongo.MongoClient.connect(uri);
    documents = client.db().collection('wxkfpuppets');
    puppet = await startPuppetServer();
  });

  afterEach(async () => {
    await Promise.all([...running].map((manager) => manager.stop('SIGKILL')));
    await Promise.all([...publicOnes].map((manager) => manager.stop()));
    running.clear();
    publicOnes.clear();
    await Promise.all([client.close(), puppet.close()]);
    await place.discard();
  });

  async function start(env: Record<string, string> = {}): Promise<ManagerProcess> {
    const manager = await startManager({ ...place.env, ...env });
    running.add(manager);
    return manager;
  }

  async function startPublic(): Promise<PublicManager> {
    const manager = await PublicManager.start(uri);
    publicOnes.add(manager);
    return manager;
  }

  const newCallback = (app: WecomApp, openKfId: string) => sealCallback(app, kfMessageXml(app, openKfId));

  /** A document as 1.0.3 writes it, whose puppet is reached under a path of its own. */
  function documentOf(app: WecomApp, fields: object = {}) {
    const kfOpenId = newOpenKfId();
    return {
      _id: new mongoose.Types.ObjectId(),
      botEndpoint: `${puppet.url}/${kfOpenId}`,
      name: '客服',
      kfOpenId,
      corpId: app.corpId,
      corpSecret: CORP_SECRET,
      token: app.token,
      encodingAESKey: app.encodingAESKey,
      online: true,
      __v: 0,
      ...fields,
    };
  }

  /** Resolves when an event has come to each. */
  async function whenAllCame(openKfIds: readonly string[]): Promise<void> {
    const came = () => new Set(puppet.received.map(({ path }) => path));
    while (!openKfIds.every((openKfId) => came().has(`/${openKfId}/callback`))) await puppet.next();
  }

  describe('over its database', () => {
    const [one, other] = [newApp(), newApp()];
    const sameCorp = newApp(one.corpId);
    const lost = newApp();

    /** Those whose puppet gets its events without having said anything. */
    const usable = () => [
      documentOf(one),
      documentOf(sameCorp),
      documentOf(other, { lastOnlineDate: new Date('2026-01-02T03:04:05Z') }),
      documentOf(other, { lastOnlineDate: '2026-01-02T03:04:05Z' }),
      documentOf(other, { lastOnlineDate: 1_767_322_800_000 }),
      documentOf(other, { lastOnlineDate: 'never', name: '长'.repeat(10_000) }),
      documentOf(other, { name: undefined, team: { of: 'somebody' }, botEndpointBefore: ['http://old'] }),
      documentOf(other, { corpSecret: null, __v: 7 }),
      documentOf(other, { online: false, lastOnlineDate: new Date() }),
      documentOf(other, { online: null }),
      documentOf(other, { online: 'yes' }),
    ];

    const unusable = () => ({
      withoutEndpoint: documentOf(other, { botEndpoint: null, online: undefined }),
      ofMetadata: documentOf(other, { botEndpoint: 'http://169.254.169.254/latest' }),
      noUrl: documentOf(other, { botEndpoint: 'bot:8080' }),
      brokenKey: documentOf(lost, { encodingAESKey: lost.encodingAESKey.slice(1) }),
    });

    const unreadable = () => [
      documentOf(other, { kfOpenId: undefined }),
      documentOf(other, { kfOpenId: 7 }),
      documentOf(other, { corpId: null }),
      documentOf(other, { corpId: undefined }),
    ];

    it('serves whom it knows at once, names what it cannot use, and leaves the documents as they are', async () => {
      const served = usable();
      const slashed = documentOf(one);
      slashed.botEndpoint += '/';
      served.push(slashed);
      const { withoutEndpoint, ofMetadata, noUrl, brokenKey } = unusable();
      const doubled = documentOf(one);
      const worse = { ...doubled, _id: new mongoose.Types.ObjectId(), online: false };
      const untouched = [withoutEndpoint, ofMetadata, noUrl, brokenKey, ...unreadable()];
      await documents.insertMany([...served, worse, doubled, ...untouched], { ignoreUndefined: true });
      const stored = new Map<string, mongoose.mongo.Document>(
        (await documents.find().toArray()).map((document) => [String(document._id), document]),
      );

      const manager = await start();
      const apps = [one, sameCorp];
      const appOf = ({ token }: { token: string }) => apps.find((app) => app.token === token) ?? other;
      const send = (document: { token: string; kfOpenId: string }) =>
        sendMessage(manager.url, appOf(document), document.kfOpenId);
      const answers = await Promise.all([...served, doubled].map(send));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      await whenAllCame([...served, doubled].map(({ kfOpenId }) => kfOpenId));

      expect((await send(ofMetadata)).status).toBe(200);
      expect((await sendMessage(manager.url, lost, brokenKey.kfOpenId)).status).toBe(404);

      const line = (name: string) => manager.line(({ msg }) => msg === name);
      expect(await line('registry.duplicates_set_aside')).toMatchObject({
        openKfId: doubled.kfOpenId,
        setAside: 1,
      });
      expect(await line('registry.records_unreadable')).toMatchObject({ records: unreadable().length });
      const { puppets, told } = await line('registry.unusable');
      const faultsOf = Object.fromEntries(
        (told as { openKfId: string; faults: string[] }[]).map(({ openKfId, faults }) => [openKfId, faults]),
      );
      expect(puppets).toBe(4);
      expect(faultsOf).toEqual({
        [withoutEndpoint.kfOpenId]: [expect.stringContaining('endpoint must be a URL')],
        [ofMetadata.kfOpenId]: ['endpoint must not point to a link-local address (169.254.169.254)'],
        [noUrl.kfOpenId]: [expect.stringContaining('endpoint must be a URL')],
        [brokenKey.kfOpenId]: [expect.stringContaining('encodingAESKey')],
      });
      await manager.stop();
      expect(manager.output()).not.toContain(CORP_SECRET);

      for (const document of await documents.find().toArray()) {
        // Found to be online by what they took, but for the one set aside.
        const { online, lastOnlineDate, kfOpenId, ...rest } = stored.get(String(document._id)) ?? {};
        expect(document).toMatchObject(rest);
        if (document._id.equals(worse._id)) {
          expect(document.supersededFrom).toEqual({ kfOpenId, online });
        } else {
          expect(document.kfOpenId).toEqual(kfOpenId);
          if (online === true)
            expect(document).toMatchObject({ online, ...(lastOnlineDate && { lastOnlineDate }) });
        }
      }
      expect(await documents.countDocuments()).toBe(stored.size);
    });
  });

  describe('beside it', () => {
    it('follows what 1.0.3 takes, leaves what registered to it, and one record of who says hello to both', async () => {
      const [before, manager] = await Promise.all([startPublic(), start()]);
      await expectFollowing(before, manager);
      await expectLeaving(before, manager);
      await expectOneRecord(before, manager);
    });

    async function expectFollowing(before: PublicManager, manager: ManagerProcess): Promise<void> {
      const [app, openKfId] = [newApp(), newOpenKfId()];
      const gone = await startPuppetServer();
      await before.register(registrationOf(app, openKfId, gone.url));
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      expect(gone.received).toHaveLength(1);

      await gone.close();
      await before.register(registrationOf(app, openKfId, puppet.url));
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      expect(puppet.received).toHaveLength(1);

      const { url } = puppet;
      await puppet.close();
      await before.deregister({ kfId: openKfId, corpId: app.corpId });
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      puppet = await startPuppetServer();
      expect(puppet.url).not.toBe(url);
      const kept = puppet.next();
      await before.register(registrationOf(app, openKfId, puppet.url));
      await kept;
    }

    /** What registered with it, in one record that both write. */
    async function expectLeaving(before: PublicManager, manager: ManagerProcess): Promise<void> {
      const [app, openKfId] = [newApp(), newOpenKfId()];
      const route = () => before.route(app, newCallback(app, openKfId));
      await register(manager.url, app, openKfId, 'http://127.0.0.1:1/new');
      expect(await route()).toBe('http://127.0.0.1:1/new');
      await before.register(registrationOf(app, openKfId, 'http://127.0.0.1:1/moved'));
      await register(manager.url, app, openKfId, puppet.url);
      expect(await route()).toBe(puppet.url);
      await postJson(`${manager.url}/puppetWxkfManager/deregister`, { kfId: openKfId, corpId: app.corpId });
      expect(await route()).toBeNull();
      expect(await before.register(registrationOf(app, openKfId, puppet.url))).toMatchObject({ code: 0 });
      expect(await route()).toBe(puppet.url);
      expect(await documents.countDocuments({ kfOpenId: openKfId })).toBe(1);
    }

    /** Of an account that says hello to both at once. */
    async function expectOneRecord(before: PublicManager, manager: ManagerProcess): Promise<void> {
      const [app, openKfId] = [newApp(), newOpenKfId()];
      const registration = registrationOf(app, openKfId, puppet.url);
      await Promise.all(
        Array.from({ length: 10 }, () => [
          before.register(registration),
          register(manager.url, app, openKfId, puppet.url),
        ]).flat(),
      );
      expect(await documents.countDocuments({ kfOpenId: openKfId })).toBe(1);
      expect(await before.route(app, newCallback(app, openKfId))).toBe(puppet.url);
    }
  });

  describe('back', () => {
    it('leaves 1.0.3 all registrations; what the next upgrade finds and seals needs `reseal --plain` first, and forth again nothing', async () => {
      const before = await startPublic();
      const [app, openKfId, away] = [newApp(), newOpenKfId(), newOpenKfId()];
      await expectPassedOn(before, app, openKfId, away);
      const SECRETS_KEY = newSecretsKey();
      await expectSealed(app, openKfId, away, SECRETS_KEY);
      await expectPlainAgain(before, app, openKfId, away, SECRETS_KEY);
    });

    const reseal = (SECRETS_KEY: string, ...options: string[]) =>
      runCli({ ...place.env, SECRETS_KEY }, 'reseal', ...options);

    async function expectServed(manager: ManagerProcess, app: WecomApp, openKfId: string): Promise<void> {
      const arrived = puppet.next();
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      await arrived;
    }

    /** 1.0.3 has all registrations, and knows nothing of what waits. */
    async function expectPassedOn(
      before: PublicManager,
      app: WecomApp,
      openKfId: string,
      away: string,
    ): Promise<void> {
      const manager = await start();
      const waiting = async () => (await hintCounts(manager.url)).waiting;
      await register(manager.url, app, openKfId, puppet.url);
      await register(manager.url, app, away, 'http://127.0.0.1:1');
      expect(await waiting()).toBe(0);
      expect((await sendMessage(manager.url, app, away)).status).toBe(200);
      expect(await waiting()).toBe(1);
      await manager.stop();

      expect(await before.route(app, newCallback(app, openKfId))).toBe(puppet.url);
      const written = { ...registrationOf(app, away, `${puppet.url}/${away}`), kfName: '一号' };
      expect(await before.register(written)).toMatchObject({ code: 0 });
      expect(await before.route(app, newCallback(app, away))).toBe(`${puppet.url}/${away}`);
      expect(puppet.received).toEqual([]);
    }

    /** The next upgrade brings what waited. With a key it serves what is plain, seals it while it runs, and serves that. */
    async function expectSealed(
      app: WecomApp,
      openKfId: string,
      away: string,
      SECRETS_KEY: string,
    ): Promise<void> {
      const secrets = [CORP_SECRET, app.token, app.encodingAESKey];
      const manager = await start({ SECRETS_KEY });
      await whenAllCame([away]);
      await expectServed(manager, app, openKfId);
      expect(await findStored(place, secrets)).toEqual(secrets);
      const { code, stdout } = await reseal(SECRETS_KEY);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/ \d+ changed, 0 could not be opened\n$/)]);
      expect(await findStored(place, secrets)).toEqual([]);
      await expectServed(manager, app, openKfId);
      await manager.stop();
      const sealed = await start({ SECRETS_KEY });
      await expectServed(sealed, app, openKfId);
      await sealed.stop();
    }

    async function expectPlainAgain(
      before: PublicManager,
      app: WecomApp,
      openKfId: string,
      away: string,
      SECRETS_KEY: string,
    ): Promise<void> {
      const route = () => before.route(app, newCallback(app, openKfId));
      expect(await route()).toBeNull();
      expect((await reseal(SECRETS_KEY, '--plain')).code).toBe(0);
      expect(await route()).toBe(puppet.url);
      const { corpId, token, encodingAESKey } = app;
      for (const [kfOpenId, name, botEndpoint] of [
        [openKfId, '客服一号', puppet.url],
        [away, '一号', `${puppet.url}/${away}`],
      ]) {
        const asItWas = {
          kfOpenId,
          name,
          botEndpoint,
          corpId,
          corpSecret: CORP_SECRET,
          token,
          encodingAESKey,
        };
        expect(await documents.findOne({ kfOpenId })).toMatchObject({ ...asItWas, online: true });
      }
      const renewed = { ...newApp(), corpId: app.corpId };
      await before.register(registrationOf(renewed, openKfId, puppet.url));
      await expectServed(await start({ SECRETS_KEY }), renewed, openKfId);
    }
  });
});
