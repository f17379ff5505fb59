/** Proxied calls to which the built process adds the access token, on both stores: embedded and MongoDB. */
import { expect, it } from '@jest/globals';
import { type CallOptions, call, jsonOf, postJsonBody } from '../support/http-call.js';
import { type ProxySuite, proxySuite } from '../support/proxy-suite.js';
import { registrationOf } from '../support/puppet-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { newApp, newOpenKfId } from '../support/wecom.js';
import { answer, usual } from '../support/wecom-faults.js';

const ROLE_SECRET = 'marked-secret_of-puppets';
const bearer = ['Authorization', `Bearer ${ROLE_SECRET}`];
const basic = ['Authorization', `Basic ${Buffer.from(`puppet:${ROLE_SECRET}`).toString('base64')}`];

/** A corp of its own for each test, with a kf account for each secret. */
async function registered(suite: ProxySuite, ...secrets: string[]) {
  const app = newApp();
  const openKfIds: string[] = [];
  for (const [number, name] of secrets.entries()) {
    const corpSecret = `${name}-of-${app.corpId}`;
    suite.wecom.addSecret(app.corpId, corpSecret);
    const openKfId = openKfIds[number] ?? newOpenKfId();
    const response = await fetch(`${suite.manager.url}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ROLE_SECRET}` },
      body: JSON.stringify({ ...registrationOf(app, openKfId, 'http://127.0.0.1:1'), corpSecret }),
    });
    expect(response.status).toBe(200);
    // It is asked for then, and that question would be in the way of those that are counted.
    await suite.manager.line(({ msg, openKfId: of }) => /^registry\.secret_/.test(msg) && of === openKfId);
    openKfIds.push(openKfId);
  }
  const corpId = app.corpId;
  const tokens = () => secrets.map((name) => suite.wecom.tokenOf(corpId, `${name}-of-${corpId}`));
  const revoke = (errcode?: 40014 | 42001) =>
    suite.wecom.revoke(corpId, `${secrets[0]}-of-${corpId}`, errcode);
  const getToken = async () => {
    const query = `corpid=${corpId}&corpsecret=${secrets[0]}-of-${corpId}`;
    const url = `${suite.manager.url}/puppetWxkfManager/getToken?${query}`;
    return jsonOf(await call(url, { headers: bearer })).access_token;
  };
  return { corpId, openKfIds, tokens, revoke, getToken };
}

const apisCalled = (suite: ProxySuite): string[] =>
  suite
    .calls()
    .map(({ api }) => api)
    .filter((api) => api !== 'gettoken');

onEachStoreNightly((newPlace) => {
  const suite = proxySuite({ AUTH_PUPPET_TOKEN: ROLE_SECRET }, newPlace);
  const ask = async (target: string, options: CallOptions = {}) => {
    const got = await call(suite.url(target), { headers: bearer, ...options });
    return { ...jsonOf(got), status: got.status };
  };
  const send = (corpId: string, query = '') =>
    ask(`kf/send_msg?corpid=${corpId}${query}`, { ...postJsonBody({ msgid: 'm' }), headers: bearer });

  it.each([
    ['Bearer', bearer],
    ['Basic', basic],
  ])('adds the token for a caller that says the corp, known by %s', async (_scheme, headers) => {
    const { corpId, tokens } = await registered(suite, 'one');
    const got = await ask(`kf/account/list?a=1&corpid=${corpId}&b=%2F`, { headers });
    expect(got).toMatchObject({ status: 200, errcode: 0 });
    const [received] = suite.calls('kf/account/list');
    expect(received?.target).toBe(`/cgi-bin/kf/account/list?access_token=${tokens()[0]}&a=1&b=%2F`);
    expect(received?.rawHeaders.join()).not.toContain(headers[1]);
  });

  it('asks which secret where the corp has two, and takes the right one', async () => {
    const { corpId, openKfIds, tokens } = await registered(suite, 'one', 'two');
    expect(await send(corpId)).toEqual({
      status: 400,
      errcode: 400,
      errmsg: expect.stringMatching(/openKfId/),
    });
    expect(apisCalled(suite)).toEqual([]);
    for (const openKfId of openKfIds)
      expect(await send(corpId, `&openKfId=${openKfId}`)).toMatchObject({ errcode: 0 });
    expect(suite.calls('kf/send_msg').map(({ target }) => target)).toEqual(
      tokens().map((token) => `/cgi-bin/kf/send_msg?access_token=${token}`),
    );
  });

  it.each([
    ['another corp', async () => `&openKfId=${(await registered(suite, 'one')).openKfIds[0]}`],
    ['nobody', async () => `&openKfId=${newOpenKfId()}`],
  ])('knows no account of %s', async (_whose, query) => {
    const { corpId } = await registered(suite, 'one');
    expect(await send(corpId, await query())).toMatchObject({ status: 404, errcode: 404 });
    expect(apisCalled(suite)).toEqual([]);
  });

  it('knows no corp of which nobody registered', async () => {
    expect(await send('wwUnknown')).toMatchObject({ status: 404, errcode: 404 });
    expect(apisCalled(suite)).toEqual([]);
  });

  it.each([40014, 42001] as const)(
    'heals a token that WeCom answers %i to within the call',
    async (errcode) => {
      const { corpId, revoke } = await registered(suite, 'one');
      await send(corpId);
      revoke(errcode);
      const before = suite.calls().length;
      expect(await send(corpId)).toEqual({ status: 200, errcode: 0, errmsg: 'ok', msgid: 'm' });
      const made = suite.calls().slice(before);
      expect(made.map(({ api }) => api)).toEqual(['kf/send_msg', 'gettoken', 'kf/send_msg']);
      expect(made[2]?.text).toBe(made[0]?.text);
    },
  );

  it('sends a large body once, and heals the next call', async () => {
    const { corpId, revoke } = await registered(suite, 'one');
    await send(corpId);
    revoke();
    const large = { ...postJsonBody({ msgid: 'm', text: 'x'.repeat(70_000) }), headers: bearer };
    expect(await ask(`kf/send_msg?corpid=${corpId}`, large)).toMatchObject({ status: 200, errcode: 40014 });
    expect(suite.calls('kf/send_msg')).toHaveLength(2);
    expect(await send(corpId)).toMatchObject({ errcode: 0 });
    expect(suite.calls('kf/send_msg')).toHaveLength(3);
    expect(suite.calls('gettoken')).toHaveLength(2);
  });

  it('shows a caller with its own token that it is no good, and gives it a new one', async () => {
    const { revoke, getToken } = await registered(suite, 'one');
    const token = await getToken();
    revoke(42001);
    const got = await ask(`kf/send_msg?access_token=${token}`, { ...postJsonBody({}), headers: bearer });
    expect(got).toMatchObject({ status: 200, errcode: 42001 });
    expect(suite.calls('kf/send_msg')).toHaveLength(1);
    const renewed = await getToken();
    expect(renewed).not.toBe(token);
    expect(await ask(`kf/account/list?access_token=${renewed}`)).toMatchObject({ errcode: 0 });
    expect(suite.calls('gettoken')).toHaveLength(2);
  });

  it('asks for one new token where 20 calls meet one that is no good', async () => {
    const { corpId, revoke } = await registered(suite, 'one');
    await send(corpId);
    revoke();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(corpId)));
    expect(answers.map(({ errcode }: Record<string, unknown>) => errcode)).toEqual(Array(20).fill(0));
    expect(suite.calls('gettoken')).toHaveLength(2);
    expect(suite.calls('kf/send_msg').length).toBeLessThanOrEqual(41);
  });

  it('passes the answer on, and asks no further, where WeCom gives the same token again', async () => {
    const { corpId } = await registered(suite, 'one');
    suite.wecom.behave('kf/send_msg', answer(40014));
    for (let n = 0; n < 5; n++) expect(await send(corpId)).toMatchObject({ status: 200, errcode: 40014 });
    suite.wecom.behave('kf/send_msg', usual);
    expect(suite.calls('kf/send_msg')).toHaveLength(5);
    expect(suite.calls('gettoken')).toHaveLength(2);
  });

  it('answers gettoken itself, with one question for many, and in any case of letters', async () => {
    const { corpId, tokens } = await registered(suite, 'one');
    const query = `corpid=${corpId}&corpsecret=one-of-${corpId}`;
    const targets = ['gettoken', 'GetToken', 'gettoken/'].map((path) => `${path}?${query}`);
    for (const target of [...targets, ...targets]) {
      expect(await ask(target)).toMatchObject({
        errcode: 0,
        access_token: tokens()[0],
        expires_in: expect.any(Number),
      });
    }
    expect(suite.calls()).toMatchObject([{ api: 'gettoken' }]);
  });

  it("gives WeCom's refusal of a secret in its place", async () => {
    suite.wecom.behave('gettoken', answer(40001, 'invalid credential'));
    const { corpId } = await registered(suite, 'one');
    const got = await send(corpId);
    suite.wecom.behave('gettoken', usual);
    expect(got).toMatchObject({
      status: 200,
      errcode: 40001,
      errmsg: expect.stringMatching(/^invalid credential/),
    });
    expect(suite.calls().map(({ api }) => api)).toEqual(['gettoken']);
  });
});
