/** What one caller does wrong costs another one nothing, through the built process, on both stores: embedded and MongoDB. */
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { proxySuite } from '../support/proxy-suite.js';
import { registrationOf } from '../support/puppet-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  sealCallback,
  sendMessage,
  sendVerification,
  type WecomApp,
} from '../support/wecom.js';
import { drop, usual } from '../support/wecom-faults.js';

const PUPPET = 'puppet-secret-of-the-neighbours';
const GATEWAY = 'gateway-secret-of-the-neighbours';
const RIGHT = 'marked-secret-that-wecom-accepts';

let addresses = 0;
/** Of whom the store knows nothing from the tests before. */
const newAddress = (): string => `198.51.100.${++addresses}`;

/** What one caller may get wrong in an hour. */
const PER_CALLER = 60;
/** Of one corp, tried for one callback. */
const UNTRUSTED_PAIRS = 64;
/** That one caller may bring. */
const UNPROVEN_KEYS_OF_CALLER = 256;

onEachStoreNightly((newPlace) => {
  const suite = proxySuite(
    { TRUST_PROXY: '127.0.0.1', AUTH_PUPPET_TOKEN: PUPPET, AUTH_GATEWAY_TOKEN: GATEWAY },
    newPlace,
  );
  let app: WecomApp;
  let evil: string;
  let good: string;

  beforeEach(() => {
    suite.wecom.behave('gettoken', usual);
    app = newApp();
    [evil, good] = [newAddress(), newAddress()];
    suite.wecom.addSecret(app.corpId, RIGHT);
  });

  const headers = (address: string, secret: string) => ({
    authorization: `Bearer ${secret}`,
    'x-forwarded-for': address,
    'content-type': 'application/json',
  });

  async function getToken(address: string, corpsecret: string, corpid = app.corpId, secret = PUPPET) {
    const query = new URLSearchParams({ corpid, corpsecret });
    const url = `${suite.manager.url}/puppetWxkfManager/getToken?${query}`;
    const answer = await fetch(url, { headers: headers(address, secret) });
    return ((await answer.json()) as { errcode: number }).errcode;
  }

  async function register(
    address: string,
    fields: { readonly of?: WecomApp; readonly corpSecret?: string; readonly openKfId?: string } = {},
  ) {
    const { of = app, corpSecret = RIGHT, openKfId = newOpenKfId() } = fields;
    const answer = await fetch(`${suite.manager.url}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: headers(address, PUPPET),
      body: JSON.stringify({ ...registrationOf(of, openKfId, 'http://127.0.0.1:1'), corpSecret }),
    });
    return told(answer);
  }

  async function told(answer: Response) {
    const { error } = (await answer.json().catch(() => ({}))) as { error?: string };
    return { status: answer.status, error, retryAfter: answer.headers.get('retry-after') };
  }

  const inAllNumbers = async (count: number, act: (n: number) => Promise<unknown>): Promise<void> => {
    for (let n = 0; n < count; n++) await act(n);
  };
  /** Another key pair for the corp, with a secret that it has not. */
  const registerMadeUp = (address: string, n: number) =>
    register(address, { of: newApp(app.corpId), corpSecret: `marked-made-up-${n}` });

  describe('the right secret of a corp', () => {
    /** One for each test. */
    const corps = Array.from({ length: 4 }, () => newApp());
    /** Has asked with as many wrong ones of these corps as one caller may. */
    const spent = newAddress();
    let asked: number;

    beforeAll(async () => {
      const before = suite.wecom.tokenCalls;
      await inAllNumbers(PER_CALLER, (n) =>
        getToken(spent, `marked-wrong-${n}`, corps[n % corps.length]?.corpId),
      );
      asked = suite.wecom.tokenCalls - before;
    });

    beforeEach(() => {
      evil = spent;
      app = corps.pop() ?? newApp();
      suite.wecom.addSecret(app.corpId, RIGHT);
    });

    it('gets its token where somebody else asked with 60 wrong ones, who is refused', async () => {
      expect(asked).toBe(PER_CALLER);
      expect(await getToken(evil, 'marked-one-more')).toBe(45009);
      expect(suite.calls('gettoken')).toHaveLength(0);
      expect(await getToken(good, RIGHT)).toBe(0);
      expect(suite.calls('gettoken')).toHaveLength(1);
    });

    it('gets it also for a caller of another role that shares the address', async () => {
      expect(await getToken(evil, RIGHT)).toBe(45009);
      expect(await getToken(evil, RIGHT, app.corpId, GATEWAY)).toBe(0);
    });

    it('gets it also for who failed, where WeCom has accepted it before', async () => {
      expect(await getToken(good, RIGHT)).toBe(0);
      expect(await getToken(evil, RIGHT)).toBe(0);
    });

    it('proves the keys that are registered with it', async () => {
      expect(await register(good)).toMatchObject({ status: 200 });
      const { corpId } = app;
      await suite.manager.line(({ msg, corpId: of }) => msg === 'registry.secret_accepted' && of === corpId);
    });
  });

  it('one caller is all addresses of a /64', async () => {
    await inAllNumbers(PER_CALLER + 5, (n) =>
      getToken(`2001:db8:1:1::${n + 1}`, 'marked-wrong', newApp().corpId),
    );
    expect(suite.calls('gettoken')).toHaveLength(PER_CALLER);
    expect(await getToken('2001:db8:1:2::1', RIGHT)).toBe(0);
  });

  describe('where somebody fills the places of unproven keys', () => {
    // What failed before is forgotten then: of all callers together, no more than 300 may in an hour.
    beforeAll(() => suite.restart());

    it('a new corp’s event is taken', async () => {
      await inAllNumbers(UNTRUSTED_PAIRS, (n) => registerMadeUp(evil, n));
      expect(await register(good)).toMatchObject({ status: 200 });
      const answer = await sendMessage(suite.manager.url, app, newOpenKfId());
      expect([answer.status, await answer.text()]).toEqual([200, 'success']);
    });

    it('the event of an account that another caller registered is taken, while WeCom cannot be asked', async () => {
      suite.wecom.behave('gettoken', drop());
      await inAllNumbers(UNTRUSTED_PAIRS, (n) => registerMadeUp(evil, n));
      const openKfId = newOpenKfId();
      expect(await register(good, { openKfId })).toMatchObject({ status: 200 });
      expect((await sendMessage(suite.manager.url, app, openKfId)).status).toBe(200);
      expect((await sendVerification(suite.manager.url, app, '1616140317555161061')).status).toBe(200);
    });

    it('what is signed by a key for which there was no place is to be sent again', async () => {
      suite.wecom.behave('gettoken', drop());
      await inAllNumbers(UNTRUSTED_PAIRS, (n) => registerMadeUp(evil, n));
      const openKfId = newOpenKfId();
      expect(await register(evil, { openKfId })).toMatchObject({ status: 200 });
      const again = {
        status: 503,
        error: 'CALLBACK_KEYS_SKIPPED',
        retryAfter: expect.stringMatching(/^\d+$/),
      };
      expect(await told(await sendMessage(suite.manager.url, app, openKfId))).toEqual(again);
      expect(await told(await sendVerification(suite.manager.url, app, '1616140317555161061'))).toEqual(
        again,
      );
      suite.wecom.behave('gettoken', usual);
      expect(await register(good, { openKfId })).toMatchObject({ status: 200 });
      await suite.manager.line(
        ({ msg, openKfId: of }) => msg === 'registry.secret_accepted' && of === openKfId,
      );
      expect((await sendMessage(suite.manager.url, app, openKfId)).status).toBe(200);
    });

    it('no key that nobody registered is taken', async () => {
      await inAllNumbers(UNTRUSTED_PAIRS, (n) => registerMadeUp(evil, n));
      const forged = sealCallback(newApp(app.corpId), kfMessageXml(app, newOpenKfId()));
      const query = new URLSearchParams(forged.query);
      const url = `${suite.manager.url}/callback/${app.corpId}?${query}`;
      const answer = await fetch(url, { method: 'POST', body: forged.body });
      expect(await told(answer)).toMatchObject({ status: 403, error: 'CALLBACK_SIGNATURE_MISMATCH' });
    });
  });

  it('one caller brings so many unproven keys, and then others only with a secret that WeCom accepts', async () => {
    suite.wecom.behave('gettoken', drop());
    await inAllNumbers(UNPROVEN_KEYS_OF_CALLER, async (n) => {
      expect(await registerMadeUp(evil, n)).toMatchObject({ status: 200 });
    });
    const tooMany = {
      status: 429,
      error: 'REGISTRY_TOO_MANY_UNPROVEN',
      retryAfter: expect.stringMatching(/^\d+$/),
    };
    expect(await registerMadeUp(evil, -1)).toEqual(tooMany);
    expect(await register(evil)).toEqual(tooMany);
    expect(await registerMadeUp(good, -2)).toMatchObject({ status: 200 });
    suite.wecom.behave('gettoken', usual);
    expect(await register(evil)).toMatchObject({ status: 200 });
    expect(await registerMadeUp(evil, -3)).toEqual(tooMany);
  });
});
