/** Registrations, and who may register what, through the built process, on both stores: embedded and MongoDB. With two managers: replicas.spec.ts. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type PuppetServer,
  postJson,
  register,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { suiteManager } from '../support/suite-manager.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, sendVerification, type WecomApp } from '../support/wecom.js';
import { drop, hang, hold, usual } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const RIGHT = 'marked-secret-that-wecom-accepts';
const RENEWED = 'marked-secret-after-its-renewal';
const WRONG = 'marked-secret-of-somebody';

let wecom: WecomServer;

beforeAll(async () => {
  wecom = await startWecomServer();
});

afterEach(() => wecom.behave('gettoken', usual));

afterAll(() => wecom.close());

/** A corp of which WeCom accepts two secrets. */
function newCorp(): WecomApp {
  const app = newApp();
  wecom.addSecret(app.corpId, RIGHT);
  wecom.addSecret(app.corpId, RENEWED);
  return app;
}

interface Told {
  readonly status: number;
  readonly error?: string;
  readonly message?: string;
  readonly retryAfter?: string | null;
}

async function told(response: Response): Promise<Told> {
  const text = await response.text();
  const body = text.startsWith('{') ? JSON.parse(text) : {};
  expect(text).not.toContain('marked-secret');
  return { status: response.status, ...body, retryAfter: response.headers.get('retry-after') };
}

const REGISTERED = { status: 200, code: 0, message: 'success', retryAfter: null };

onEachStoreNightly((newPlace) => {
  const manager = suiteManager(() => {
    const place = newPlace();
    const env = { TRUST_PROXY: '127.0.0.1', ACCESS_TOKEN_URL: wecom.tokenUrl, LOG_LEVEL: 'trace' };
    return { ...place, env: { ...place.env, ...env } };
  });

  describe('a puppet that registers', () => {
    let puppet: PuppetServer;
    let app: WecomApp;
    let openKfId: string;

    beforeEach(async () => {
      app = newApp();
      wecom.addSecret(app.corpId, registrationOf(app, '', '').corpSecret ?? '');
      openKfId = newOpenKfId();
      puppet = await startPuppetServer();
    });

    afterEach(() => puppet.close());

    const post = (route: string, body: unknown) =>
      postJson(`${manager.url}/puppetWxkfManager/${route}`, body);
    const info = async () =>
      (await fetch(`${manager.url}/puppetWxkfManager/puppetWxkfInfo/${openKfId}`)).json();
    const send = () => sendMessage(manager.url, app, openKfId);

    it('answers exactly what the deployed puppet expects', async () => {
      const response = await post('register', registrationOf(app, openKfId, puppet.url));
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ code: 0, message: 'success' });
    });

    it('takes the request of a puppet whose manager endpoint ends with a slash', async () => {
      const url = `${manager.url}//puppetWxkfManager/register`;
      expect((await postJson(url, registrationOf(app, openKfId, puppet.url))).status).toBe(200);
    });

    it('ignores fields that it does not know', async () => {
      const body = {
        ...registrationOf(app, openKfId, puppet.url),
        contactWay: { nested: [1] },
        online: false,
      };
      expect((await post('register', body)).status).toBe(200);
      expect(await info()).toMatchObject({ online: true });
    });

    it('shows the registration without any secret', async () => {
      await register(manager.url, app, openKfId, puppet.url);
      expect(await info()).toEqual({
        kfId: openKfId,
        kfName: '客服一号',
        endpoint: puppet.url,
        corpId: app.corpId,
        online: true,
        lastOnlineDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      });
    });

    it('says that it does not know an account', async () => {
      expect(await info()).toMatchObject({ code: 404, error: 'REGISTRY_PUPPET_NOT_FOUND' });
    });

    it('names every wrong field of a registration, and quotes no secret', async () => {
      const body = {
        kfId: 'has a blank',
        kfName: 'n'.repeat(129),
        endpoint: 'ftp://host',
        corpId: '',
        corpSecret: 7,
        token: 'not-letters-and-digits',
        encodingAESKey: 'abc=',
      };
      const response = await post('register', body);
      const answer = (await response.json()) as { message: string };
      expect(answer).toMatchObject({ code: 400, error: 'REQUEST_INVALID' });
      for (const field of Object.keys(body)) expect(answer.message).toContain(`${field} must`);
      expect(answer.message).not.toContain(body.token);
      expect(answer.message).not.toContain(body.encodingAESKey);
    });

    it('takes a key that is not canonical base64, as most real ones are', async () => {
      const real = { ...app, encodingAESKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C' };
      await register(manager.url, real, openKfId, puppet.url);
      const response = await sendMessage(manager.url, real, openKfId);
      expect(response.status).toBe(200);
    });

    it('delivers to the new endpoint and with the new keys after a registration that changes them', async () => {
      const moved = await startPuppetServer();
      await register(manager.url, app, openKfId, puppet.url);
      const changed = { ...newApp(), corpId: app.corpId };
      await register(manager.url, changed, openKfId, moved.url);
      const response = await sendMessage(manager.url, changed, openKfId);
      expect(response.status).toBe(200);
      expect([puppet.received.length, moved.received.length]).toEqual([0, 1]);
      expect((await send()).status).toBe(403);
      await moved.close();
    });

    it('forgets nothing when a puppet says goodbye, and serves it again when it is back', async () => {
      await register(manager.url, app, openKfId, puppet.url);
      const goodbye = await post('deregister', { kfId: openKfId, corpId: app.corpId, kfName: 'ignored' });
      expect([goodbye.status, await goodbye.json()]).toEqual([200, { code: 0, message: 'success' }]);
      expect(await info()).toMatchObject({ online: false, endpoint: puppet.url });
      expect((await send()).status).toBe(200);
      expect(puppet.received).toEqual([]);
      const kept = puppet.next();
      await register(manager.url, app, openKfId, puppet.url);
      await kept;
      expect((await send()).status).toBe(200);
      expect(puppet.received).toHaveLength(2);
    });

    it('knows its endpoint in another spelling', async () => {
      await register(manager.url, app, openKfId, `${puppet.url}/`);
      const endpoint = puppet.url.replace('http:', 'HTTP:');
      await post('deregister', { kfId: openKfId, corpId: app.corpId, endpoint });
      expect(await info()).toMatchObject({ online: false });
    });

    it('sends a puppet at once what comes after a goodbye that anybody could have said', async () => {
      await register(manager.url, app, openKfId, puppet.url);
      const goodbye = JSON.stringify({ kfId: openKfId, corpId: app.corpId });
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': '10.9.9.9' };
      const url = `${manager.url}/puppetWxkfManager/deregister`;
      expect((await fetch(url, { method: 'POST', headers, body: goodbye })).status).toBe(200);
      expect(await info()).toMatchObject({ online: false });
      expect((await send()).status).toBe(200);
      expect(puppet.received).toHaveLength(1);
      await until(async () => ((await info()) as { online: boolean }).online);
    });

    it.each([
      ['twice', (kfId: string, corpId: string) => ({ kfId, corpId })],
      ['for an unknown account', (_kfId: string, corpId: string) => ({ kfId: newOpenKfId(), corpId })],
    ])('answers a goodbye %s like any other', async (_what, goodbye) => {
      await register(manager.url, app, openKfId, puppet.url);
      for (const _time of [1, 2]) {
        const response = await post('deregister', goodbye(openKfId, app.corpId));
        expect([response.status, await response.json()]).toEqual([200, { code: 0, message: 'success' }]);
      }
    });

    it.each([
      ['names another corp', { corpId: 'wwSomebodyElse' }],
      ['names an endpoint that is not the registered one', { endpoint: 'http://old-host:8080' }],
    ])('acknowledges and ignores a goodbye that %s', async (_what, difference) => {
      await register(manager.url, app, openKfId, puppet.url);
      const response = await post('deregister', { kfId: openKfId, corpId: app.corpId, ...difference });
      expect(response.status).toBe(200);
      expect(await info()).toMatchObject({ online: true });
    });
  });

  describe('who may register what:', () => {
    let app: WecomApp;
    let openKfId: string;
    let puppet: PuppetServer;
    let other: PuppetServer;

    beforeEach(async () => {
      app = newCorp();
      openKfId = newOpenKfId();
      [puppet, other] = await Promise.all([startPuppetServer(), startPuppetServer()]);
    });

    afterEach(() => Promise.all([puppet.close(), other.close()]));

    const register = async (
      at: PuppetServer,
      {
        corpSecret = RIGHT,
        of = app,
        account = openKfId,
      }: { corpSecret?: string; of?: WecomApp; account?: string } = {},
    ) => {
      const body = { ...registrationOf(of, account, at.url), corpSecret };
      return told(await postJson(`${manager.url}/puppetWxkfManager/register`, body));
    };
    const send = async (of = app, account = openKfId) => told(await sendMessage(manager.url, of, account));
    const info = async (account = openKfId) =>
      told(await fetch(`${manager.url}/puppetWxkfManager/puppetWxkfInfo/${account}`));
    const forget = async (account = openKfId) =>
      told(await fetch(`${manager.url}/api/v1/accounts/${account}`, { method: 'DELETE' }));
    const isAccepted = (account = openKfId) =>
      manager.line(({ msg, openKfId: of }) => msg === 'registry.secret_accepted' && of === account);

    /** Nothing of the attempt is in use: the account's events go where they went. */
    async function expectStill(owner: PuppetServer): Promise<void> {
      const before = owner.received.length;
      expect(await info()).toMatchObject({ endpoint: owner.url, corpId: app.corpId, online: true });
      expect(await send()).toMatchObject({ status: 200 });
      expect(owner.received).toHaveLength(before + 1);
      expect((owner === puppet ? other : puppet).received).toEqual([]);
    }

    describe('a registration of an account that is known', () => {
      beforeEach(async () => {
        expect(await register(puppet)).toEqual(REGISTERED);
        await isAccepted();
      });

      it('is taken from the same corp with the same secret, and WeCom is not asked', async () => {
        const before = wecom.tokenCalls;
        wecom.behave('gettoken', hang());
        expect(await register(other)).toEqual(REGISTERED);
        await expectStill(other);
        expect(wecom.tokenCalls).toBe(before);
      });

      it('is taken with another secret that WeCom accepts for the corp', async () => {
        expect(await register(other, { corpSecret: RENEWED })).toEqual(REGISTERED);
        await expectStill(other);
      });

      it('is refused with another secret that WeCom does not accept; the earlier one stays', async () => {
        const refused = await register(other, { corpSecret: WRONG });
        expect(refused).toMatchObject({ status: 409, error: 'REGISTRY_SECRET_REFUSED' });
        expect(refused.message).toContain(`DELETE /api/v1/accounts/${openKfId}`);
        await expectStill(puppet);
      });

      it('is refused for another corp, whose secret is as good as it may be and which learns nothing', async () => {
        const before = wecom.tokenCalls;
        const refused = await register(other, { of: newCorp() });
        expect(refused).toMatchObject({ status: 409, error: 'REGISTRY_ACCOUNT_OF_OTHER_CORP' });
        expect(refused.message).toContain(`DELETE /api/v1/accounts/${openKfId}`);
        expect(JSON.stringify(refused)).not.toContain(app.corpId);
        expect(JSON.stringify(refused)).not.toContain(puppet.url);
        expect(wecom.tokenCalls).toBe(before);
        await expectStill(puppet);
      });

      it('is told to come again after WeCom was silent; meanwhile and after it the earlier one is served', async () => {
        // That it waits for 5 s is seen with a clock that is moved by hand.
        const silent = hold(drop());
        wecom.behave('gettoken', silent);
        let isOver = false;
        const registering = register(other, { corpSecret: RENEWED }).finally(() => {
          isOver = true;
        });
        await silent.arrived;
        await expectStill(puppet);
        expect(isOver).toBe(false);
        silent.release();
        const refused = await registering;
        expect(refused).toMatchObject({ status: 503, error: 'REGISTRY_SECRET_UNVERIFIED' });
        expect(Number(refused.retryAfter)).toBeGreaterThan(0);
        await expectStill(puppet);
      });

      it('writes one line for what it changes, with names and addresses and no value', async () => {
        const renewed = { ...newApp(), corpId: app.corpId };
        await register(other, { corpSecret: RENEWED, of: renewed });
        const line = await manager.line(
          ({ msg, openKfId: of }) => msg === 'registry.changed' && of === openKfId,
        );
        expect(line).toMatchObject({
          level: 30,
          corpId: app.corpId,
          changed: ['endpoint', 'corpSecret', 'token', 'encodingAESKey'],
          endpoint: other.url,
          endpointBefore: puppet.url,
          from: '127.0.0.1',
          requestId: expect.any(String),
        });
        for (const value of ['marked-secret', renewed.token, renewed.encodingAESKey, app.token]) {
          expect(JSON.stringify(line)).not.toContain(value);
        }
      });

      it('writes a warning where it is refused', async () => {
        await register(other, { of: newCorp() });
        const line = await manager.line(
          ({ msg, openKfId: of }) => msg === 'registry.takeover_refused' && of === openKfId,
        );
        expect(line).toMatchObject({ level: 40, endpoint: other.url, from: '127.0.0.1' });
      });
    });

    describe('an account that an operator forgets', () => {
      it('is unknown then, and free for any corp', async () => {
        await register(puppet);
        expect(await forget()).toEqual(REGISTERED);
        expect(await info()).toMatchObject({ status: 404, error: 'REGISTRY_PUPPET_NOT_FOUND' });
        const line = await manager.line(
          ({ msg, openKfId: of }) => msg === 'registry.forgotten' && of === openKfId,
        );
        expect(line).toMatchObject({ corpId: app.corpId, from: '127.0.0.1', requestId: expect.any(String) });
        app = newCorp();
        expect(await register(other)).toEqual(REGISTERED);
        await expectStill(other);
      });

      it('is told to be unknown when it is, and forgotten a second time', async () => {
        expect(await forget()).toMatchObject({ status: 404, error: 'REGISTRY_PUPPET_NOT_FOUND' });
        await register(puppet);
        await forget();
        expect(await forget()).toMatchObject({ status: 404, error: 'REGISTRY_PUPPET_NOT_FOUND' });
      });

      it('has what waits for it kept, until a puppet of its corp registers', async () => {
        await register(puppet, { account: newOpenKfId() });
        const body = { ...registrationOf(app, openKfId, await refusedUrl()), corpSecret: RIGHT };
        await postJson(`${manager.url}/puppetWxkfManager/register`, body);
        expect(await send()).toMatchObject({ status: 200 });
        await forget();
        expect(await send()).toMatchObject({ status: 200 });
        const arrived = puppet.next();
        await register(puppet);
        await arrived;
      });
    });

    describe('keys whose corpSecret WeCom never accepted', () => {
      let stranger: WecomApp;
      let owned: string;

      /** An app of the corp that somebody made up, for an account that nobody had. */
      beforeEach(async () => {
        stranger = { ...newApp(), corpId: app.corpId };
        owned = newOpenKfId();
        expect(await register(puppet)).toEqual(REGISTERED);
        await isAccepted();
      });

      const registerStranger = (corpSecret: string) =>
        register(other, { corpSecret, of: stranger, account: owned });

      /** Whoever asks while that question is under way gets its answer. */
      async function registerUnverified(): Promise<void> {
        await registerStranger(RENEWED);
        await manager.line(({ msg, openKfId: of }) => msg === 'registry.secret_unverified' && of === owned);
      }

      it('open the events of their own account', async () => {
        await registerStranger(WRONG);
        expect(await send(stranger, owned)).toMatchObject({ status: 200 });
        expect(other.received.map(({ path }) => path)).toEqual(['/callback']);
      });

      it('open no event of another account, be it registered or not', async () => {
        await registerStranger(WRONG);
        for (const account of [openKfId, newOpenKfId()]) {
          const refused = await send(stranger, account);
          expect(refused).toMatchObject({ status: 403, error: 'CALLBACK_KEYS_UNPROVEN' });
          expect(refused.message).toContain('register a puppet of the app with the right corpSecret');
        }
        expect(puppet.received).toEqual([]);
      });

      it('are told of in a warning', async () => {
        await registerStranger(WRONG);
        const line = await manager.line(
          ({ msg, openKfId: of }) => msg === 'registry.secret_refused' && of === owned,
        );
        expect(line).toMatchObject({
          level: 40,
          corpId: app.corpId,
          reason: expect.stringContaining('no other account'),
        });
      });

      it('answer the verification of the callback URL, which shows nothing', async () => {
        await registerStranger(WRONG);
        const response = await sendVerification(manager.url, stranger, '1616140317555161061');
        expect([response.status, await response.text()]).toEqual([200, '1616140317555161061']);
      });

      it('do not keep the events of the corp from being opened with the right ones', async () => {
        await registerStranger(WRONG);
        await expectStill(puppet);
        expect(await send(app, owned)).toMatchObject({ status: 200 });
        expect(other.received.map(({ path }) => path)).toEqual(['/callback/decrypted']);
      });

      it('have WeCom asked when they are needed, and are told to come again while it cannot be', async () => {
        wecom.behave('gettoken', drop());
        await registerUnverified();
        expect(await send(stranger)).toMatchObject({ status: 503, error: 'CALLBACK_KEYS_UNVERIFIED' });
        wecom.behave('gettoken', usual);
        expect(await send(stranger)).toMatchObject({ status: 200 });
        expect(puppet.received).toHaveLength(1);
      });

      it('count for the whole corp once anybody got a token for the secret', async () => {
        wecom.behave('gettoken', drop());
        await registerUnverified();
        wecom.behave('gettoken', usual);
        const query = new URLSearchParams({ corpid: app.corpId, corpsecret: RENEWED });
        const token = await fetch(`${manager.url}/puppetWxkfManager/getToken?${query}`);
        expect(await token.json()).toMatchObject({ errcode: 0 });
        await isAccepted(owned);
        wecom.behave('gettoken', drop());
        expect(await send(stranger)).toMatchObject({ status: 200 });
      });

      it('count for the whole corp after a restart too, without WeCom, once it accepted their secret; a forgotten account stays so', async () => {
        const forgotten = newOpenKfId();
        expect(await register(puppet, { account: forgotten })).toEqual(REGISTERED);
        expect(await forget(forgotten)).toEqual(REGISTERED);
        await registerStranger(RENEWED);
        await isAccepted(owned);
        wecom.behave('gettoken', hang());
        await manager.restart('SIGKILL');
        expect(await info(forgotten)).toMatchObject({ status: 404 });
        expect(await send(stranger)).toMatchObject({ status: 200 });
        expect(puppet.received).toHaveLength(1);
      });
    });

    it('an account that somebody registered with a made-up secret is its owner’s when that registers', async () => {
      const squatter = { ...newApp(), corpId: app.corpId };
      expect(await register(other, { corpSecret: WRONG, of: squatter })).toEqual(REGISTERED);
      expect(await register(puppet)).toEqual(REGISTERED);
      await expectStill(puppet);
      expect(await register(other, { corpSecret: WRONG, of: squatter })).toMatchObject({ status: 409 });
      expect(await send(squatter)).toMatchObject({ status: 403 });
      await expectStill(puppet);
    });
  });
});
