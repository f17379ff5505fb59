/** What pages in a browser get from the API proxy and getToken of the built process: no call at WeCom, and no page. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { request } from 'undici';
import { type CallOptions, call, jsonOf, postJsonBody } from '../support/http-call.js';
import { proxySuite } from '../support/proxy-suite.js';
import { reply } from '../support/wecom-faults.js';

const SECRET = 'marked-secret_of-puppets';
const BASIC = ['Authorization', `Basic ${Buffer.from(`puppet:${SECRET}`).toString('base64')}`];
const BEARER = ['Authorization', `Bearer ${SECRET}`];
const [CORP, CORP_SECRET] = ['ww1', 'corp-secret-of-the-pages'];
const DELETION = 'menu/delete?agentid=1&access_token=t';
const GET_TOKEN = `getToken?corpid=${CORP}&corpsecret=${CORP_SECRET}`;

const CROSS_SITE = { errcode: 403, errmsg: expect.stringMatching(/^A page of another site/) };

const OTHER_SITES: [string, string[]][] = [
  ['from another site', ['Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'no-cors']],
  ['from another port of this name', ['Sec-Fetch-Site', 'same-site']],
  ['from a link outside the browser', ['Sec-Fetch-Site', 'none', 'Sec-Fetch-Mode', 'navigate']],
];
const BY_ORIGIN: [string, string[]][] = [
  ['whose browser says its origin alone', ['Origin', 'https://evil.example']],
  ['that hides where it is from', ['Origin', 'null']],
];

const METHODS = ['GET', 'HEAD', 'POST'];
const CALLS = METHODS.flatMap((method) =>
  [...OTHER_SITES, ...BY_ORIGIN].map(([whose, headers]) => ({ method, whose, headers })),
);

describe('with a secret for puppets, which a browser keeps as a password,', () => {
  const suite = proxySuite({ AUTH_PUPPET_TOKEN: SECRET });
  const url = (target: string) => `${suite.manager.url}/puppetWxkfManager/${target}`;

  beforeEach(() => suite.wecom.addSecret(CORP, CORP_SECRET));

  async function refusalOf(target: string, options: CallOptions): Promise<unknown> {
    const answer = await call(url(target), options);
    expect(suite.calls()).toEqual([]);
    return [answer.status, options.method === 'HEAD' ? CROSS_SITE : jsonOf(answer)];
  }

  it.each(CALLS)('a $method calls nothing of WeCom for a page $whose', async ({ method, headers }) => {
    const options = { method, headers: [...BASIC, ...headers] };
    expect(await refusalOf(`wxkfRequestProxy/${DELETION}`, options)).toEqual([403, CROSS_SITE]);
  });

  it.each([...OTHER_SITES, ...BY_ORIGIN])(
    'no access token is asked for in the name of a page %s',
    async (_whose, headers) => {
      const options = { headers: [...BASIC, ...headers] };
      expect(await refusalOf(GET_TOKEN, options)).toEqual([403, CROSS_SITE]);
      const proxied = `wxkfRequestProxy/gettoken?corpid=${CORP}&corpsecret=${CORP_SECRET}`;
      expect(await refusalOf(proxied, options)).toEqual([403, CROSS_SITE]);
    },
  );

  it.each([
    ['a page of the manager', [...BASIC, 'Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Mode', 'cors']],
    ['a program that says nothing of sites', BASIC],
    ['a program that is a page, but sends the secret itself', [...BEARER, ...(OTHER_SITES[0]?.[1] ?? [])]],
  ])('%s calls on', async (_who, headers) => {
    expect(jsonOf(await call(url(GET_TOKEN), { headers }))).toMatchObject({ errcode: 0 });
    for (const method of METHODS) {
      const { status } = await call(url(`wxkfRequestProxy/${DELETION}`), { method, headers });
      expect(status).toBe(404);
    }
    expect(suite.calls('menu/delete').map(({ method }) => method)).toEqual(METHODS);
  });

  it('axios, undici and fetch call on, with the secret in the URL or as Basic', async () => {
    const target = `wxkfRequestProxy/kf/account/list?corpid=${CORP}&access_token=${suite.goodToken()}`;
    const inUrl = url(target).replace('http://', `http://puppet:${SECRET}@`);
    const headers = { authorization: BASIC[1] ?? '' };
    const answers = [
      (await axios.get(inUrl)).data,
      (await axios.post(inUrl, {})).data,
      await (await request(url(target), { headers })).body.json(),
      await (await fetch(url(target), { headers })).json(),
    ];
    expect(answers).toEqual(answers.map(() => expect.objectContaining({ errcode: 0 })));
    expect(suite.calls('kf/account/list')).toHaveLength(answers.length);
  });

  describe('an answer of WeCom', () => {
    const SANDBOX = {
      'content-security-policy': "sandbox;default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    };

    it.each([
      ['short', '<script>fetch("/api/v1/apps")</script>'],
      ['long', `<script>fetch("/api/v1/apps")</script>${' '.repeat(100_000)}`],
      ['that is JSON', '{"errcode":0,"errmsg":"<script>"}'],
    ])('%s is no page of the manager, whatever type it says', async (what, body) => {
      const type = what === 'that is JSON' ? 'application/json' : 'text/html; charset=utf-8';
      const theirs = {
        'Content-Security-Policy': "default-src * 'unsafe-inline'",
        'X-Content-Type-Options': 'sniff',
        'X-Frame-Options': 'ALLOWALL',
        'Cache-Control': 'public, max-age=86400',
      };
      suite.wecom.behave('*', reply(200, body, { 'Content-Type': type, ...theirs }));
      const answer = await call(url('wxkfRequestProxy/kf/page?access_token=t'), { headers: BASIC });
      expect(answer.headers).toMatchObject({ 'content-type': type, ...SANDBOX });
      expect(answer.body.toString()).toBe(body);
      // Each once: of two policies a browser keeps both, of two other values it may keep either.
      const names = answer.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
      expect(names).toHaveLength(new Set(names).size);
    });

    it('in the place of which the manager answers is none either', async () => {
      suite.wecom.behave('*', ({ response }) => void response.destroy());
      const answer = await call(url('wxkfRequestProxy/kf/page?access_token=t'), { headers: BASIC });
      expect([answer.status, answer.headers]).toEqual([504, expect.objectContaining(SANDBOX)]);
    });
  });
});

describe('while no role has a secret', () => {
  const suite = proxySuite();

  it.each(METHODS.flatMap((method) => OTHER_SITES.map(([whose, headers]) => ({ method, whose, headers }))))(
    'a $method calls nothing of WeCom for a page $whose',
    async ({ method, headers }) => {
      const answer = await call(suite.url(DELETION), { method, headers });
      expect(answer.status).toBe(403);
      if (method !== 'HEAD') expect(jsonOf(answer)).toEqual(CROSS_SITE);
      expect(suite.calls()).toEqual([]);
    },
  );

  it('a program calls on', async () => {
    expect((await call(suite.url(DELETION))).status).toBe(404);
    expect((await call(suite.url(DELETION), postJsonBody({}))).status).toBe(404);
    expect(suite.calls()).toHaveLength(2);
  });
});
