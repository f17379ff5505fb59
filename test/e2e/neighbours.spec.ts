/** What one caller does wrong costs another one nothing, through the built process. */
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { proxySuite } from '../support/proxy-suite.js';
import { registrationOf } from '../support/puppet-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { newApp, newOpenKfId, sendMessage, sendVerification, type WecomApp } from '../support/wecom.js';
import { drop, usual } from '../support/wecom-faults.js';

const PUPPET = 'puppet-secret-of-the-neighbours';
const RIGHT = 'marked-secret-that-wecom-accepts';

let addresses = 0;
/** Of whom the store knows nothing from the tests before. */
const newAddress = (): string => `198.51.100.${++addresses}`;

/** What one caller may get wrong in an hour. */
const PER_CALLER = 60;
/** Of one corp, tried for one callback. */
const UNTRUSTED_PAIRS = 64;
const AT_ONCE = 8;

onEachStoreNightly((newPlace) => {
  const suite = proxySuite({ TRUST_PROXY: '127.0.0.1', AUTH_PUPPET_TOKEN: PUPPET }, newPlace);
  let app: WecomApp;
  let evil: string;
  let good: string;

  beforeEach(() => {
    suite.wecom.behave('gettoken', usual);
    app = newApp();
    [evil, good] = [newAddress(), newAddress()];
    suite.wecom.addSecret(app.corpId, RIGHT);
  });

  const headers = (address: string) => ({
    authorization: `Bearer ${PUPPET}`,
    'x-forwarded-for': address,
    'content-type': 'application/json',
  });

  async function getToken(address: string, corpsecret: string, corpid = app.corpId) {
    const query = new URLSearchParams({ corpid, corpsecret });
    const url = `${suite.manager.url}/puppetWxkfManager/getToken?${query}`;
    const answer = await fetch(url, { headers: headers(address) });
    return ((await answer.json()) as { errcode: number }).errcode;
  }

  async function register(
    address: string,
    fields: { readonly of?: WecomApp; readonly corpSecret?: string; readonly openKfId?: string } = {},
  ) {
    const { of = app, corpSecret = RIGHT, openKfId = newOpenKfId() } = fields;
    const answer = await fetch(`${suite.manager.url}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: headers(address),
      body: JSON.stringify({ ...registrationOf(of, openKfId, 'http://127.0.0.1:1'), corpSecret }),
    });
    return told(answer);
  }

  async function told(answer: Response) {
    const { error } = (await answer.json().catch(() => ({}))) as { error?: string };
    return { status: answer.status, error, retryAfter: answer.headers.get('retry-after') };
  }

  /** As many other key pairs for the corp as may be tried, with secrets that it has not. */
  async function fillPlaces(): Promise<void> {
    for (let from = 0; from < UNTRUSTED_PAIRS; from += AT_ONCE)
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, n) =>
          register(evil, { of: newApp(app.corpId), corpSecret: `marked-made-up-${from + n}` }),
        ),
      );
  }

  describe('the right secret of a corp', () => {
    /** One for each test. */
    const corps = [newApp(), newApp()];
    /** Has asked with as many wrong ones of these corps as one caller may. */
    const spent = newAddress();
    let asked: number;

    beforeAll(async () => {
      const before = suite.wecom.tokenCalls;
      for (let n = 0; n < PER_CALLER; n++)
        await getToken(spent, `marked-wrong-${n}`, corps[n % corps.length]?.corpId);
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

    it('proves the keys that are registered with it', async () => {
      expect(await register(good)).toMatchObject({ status: 200 });
      const { corpId } = app;
      await suite.manager.line(({ msg, corpId: of }) => msg === 'registry.secret_accepted' && of === corpId);
    });
  });

  describe('where somebody fills the places of unproven keys', () => {
    it('a new corp’s event is taken', async () => {
      await fillPlaces();
      expect(await register(good)).toMatchObject({ status: 200 });
      const answer = await sendMessage(suite.manager.url, app, newOpenKfId());
      expect([answer.status, await answer.text()]).toEqual([200, 'success']);
    });

    it('the event of an account that another caller registered is taken, while WeCom cannot be asked', async () => {
      suite.wecom.behave('gettoken', drop());
      await fillPlaces();
      const openKfId = newOpenKfId();
      expect(await register(good, { openKfId })).toMatchObject({ status: 200 });
      expect((await sendMessage(suite.manager.url, app, openKfId)).status).toBe(200);
      expect((await sendVerification(suite.manager.url, app, '1616140317555161061')).status).toBe(200);
    });

    it('what is signed by a key for which there was no place is to be sent again', async () => {
      suite.wecom.behave('gettoken', drop());
      await fillPlaces();
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
  });
});
