/**
 * `getToken` of the built process, against a simulated WeCom, on both stores: embedded and MongoDB. With two managers:
 * replicas.spec.ts.
 */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { proxySuite } from '../support/proxy-suite.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { newApp } from '../support/wecom.js';
import { answer, drop, usual } from '../support/wecom-faults.js';

const CORP = 'ww5823bf96d3bd56c7';
const SECRET = 'marked-secret_of-the+app/=';

interface TokenAnswer {
  readonly errcode: number;
  readonly errmsg: string;
  readonly access_token?: string;
  readonly expires_in?: number;
}

async function getToken(manager: { url: string }, corpsecret = SECRET, corpid = CORP) {
  const query = new URLSearchParams({ corpid, corpsecret });
  const response = await fetch(`${manager.url}/puppetWxkfManager/getToken?${query}`);
  return { status: response.status, headers: response.headers, ...((await response.json()) as TokenAnswer) };
}

onEachStoreNightly((newPlace) => {
  const suite = proxySuite({}, newPlace);
  let corp: string;

  beforeEach(() => {
    corp = newApp().corpId;
    suite.wecom.addSecret(corp, SECRET);
  });

  afterEach(() => suite.wecom.behave('gettoken', usual));

  afterAll(() => expect(suite.manager.output()).not.toContain(encodeURIComponent(SECRET)));

  it('gives one token to 200 that ask at once, by one call, with the seconds that it has', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => getToken(suite.manager, SECRET, corp)),
    );
    expect(suite.calls('gettoken')).toHaveLength(1);
    const access_token = suite.wecom.tokenOf(corp, SECRET);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 200, errcode: 0, errmsg: 'ok', access_token });
      expect(answer.expires_in).toBeGreaterThan(7_100);
      expect(answer.expires_in).toBeLessThanOrEqual(7_200);
    }
    expect(answers[0]?.headers.get('cache-control')).toBe('no-store');
  });

  it('gives the same token after a restart, also after kill -9, without another call', async () => {
    const { access_token } = await getToken(suite.manager, SECRET, corp);
    await suite.restart('SIGKILL');
    expect(await getToken(suite.manager, SECRET, corp)).toMatchObject({ access_token });
    expect(suite.calls('gettoken')).toHaveLength(1);
  });

  // That neither these secrets nor the tokens are in its log is seen after its end.
  it('passes on a refusal, and asks once for a wrong secret in a loop', async () => {
    for (let n = 0; n < 50; n++) {
      const answer = await getToken(suite.manager, 'wrong-secret_marked', corp);
      expect(answer).toMatchObject({ status: 200, errcode: 40001 });
    }
    expect(await getToken(suite.manager, SECRET, 'wwUnknown')).toMatchObject({ status: 200, errcode: 40013 });
    expect(suite.calls('gettoken')).toHaveLength(2);
    await getToken(suite.manager, SECRET, corp);
    await suite.manager.line(({ msg, corpId }) => msg === 'token.answered' && corpId === corp);
  });

  it('passes on 45009 with Retry-After, and asks WeCom for no token of that corp meanwhile; after -1 it asks again', async () => {
    const [busy, other] = [newApp().corpId, newApp().corpId];
    for (const known of [busy, other]) suite.wecom.addSecret(known, SECRET);
    suite.wecom.behave('gettoken', answer(45009));
    for (let n = 0; n < 3; n++) {
      const refused = await getToken(suite.manager, SECRET, corp);
      expect(refused).toMatchObject({ status: 200, errcode: 45009 });
      const waitS = Number(refused.headers.get('retry-after'));
      expect([waitS > 50, waitS <= 60]).toEqual([true, true]);
    }
    expect(suite.calls('gettoken')).toHaveLength(1);
    suite.wecom.behave('gettoken', answer(-1));
    expect(await getToken(suite.manager, SECRET, busy)).toMatchObject({ status: 200, errcode: -1 });
    suite.wecom.behave('gettoken', usual);
    for (const asked of [busy, other])
      expect(await getToken(suite.manager, SECRET, asked)).toMatchObject({ errcode: 0 });
    expect(await getToken(suite.manager, SECRET, corp)).toMatchObject({ errcode: 45009 });
  });

  describe('while WeCom cannot be reached', () => {
    beforeEach(() => suite.wecom.behave('gettoken', drop()));

    const get = async (query: string) => {
      const response = await fetch(`${suite.manager.url}/puppetWxkfManager/getToken${query}`);
      return { status: response.status, ...((await response.json()) as TokenAnswer) };
    };

    it.each([
      ['', 200, 41004],
      ['?corpid=ww1', 200, 41004],
      ['?corpsecret=s', 200, 41002],
      ['?corpid=ww1&corpsecret=s', 504, 504],
      ['?corpid=ww1&corpid=ww1&corpsecret=s', 400, 400],
      ['?corpid=ww1&corpsecret=s&corpsecret=s', 400, 400],
      ['?corpid=ww%2F1&corpsecret=s', 400, 400],
      ['?corpid=ww1&corpsecret=s%20s', 400, 400],
    ])(
      'answers the query "%s" with %d and errcode %d, in the shape of WeCom',
      async (query, status, errcode) => {
        const answer = await get(query);
        expect(answer).toEqual({ status, errcode, errmsg: expect.stringMatching(/\w{4}/) });
      },
    );

    it('names the field that is wrong and shows nothing of it', async () => {
      const { errmsg } = await get('?corpid=ww1&corpsecret=not%20a%20secret');
      expect(errmsg).toContain('corpsecret must be given once and');
      expect(errmsg).not.toContain('not a secret');
    });

    it('answers a method that there is not in the shape of WeCom', async () => {
      const socket = connect(Number(new URL(suite.manager.url).port), '127.0.0.1');
      socket.write('DELETE //puppetWxkfManager/getToken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 405 [\s\S]*\{"errcode":405,"errmsg":"/);
    });
  });
});
