/** What bad input, and pages in a browser, get from the API proxy and getToken of the built process: no call at WeCom, and no page. */
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { request } from 'undici';
import { type CallOptions, call, jsonOf, openSocket } from '../support/http-call.js';
import { CROSS_SITE, OTHER_SITES } from '../support/other-sites.js';
import { proxySuite } from '../support/proxy-suite.js';
import { reply } from '../support/wecom-faults.js';

const SECRET = 'marked-secret_of-puppets';
const BASIC = ['Authorization', `Basic ${Buffer.from(`puppet:${SECRET}`).toString('base64')}`];
const BEARER = ['Authorization', `Bearer ${SECRET}`];
const [CORP, CORP_SECRET] = ['ww1', 'corp-secret-of-the-pages'];
const DELETION = 'menu/delete?agentid=1&access_token=t';
const GET_TOKEN = `getToken?corpid=${CORP}&corpsecret=${CORP_SECRET}`;

const BY_ORIGIN: [string, string[]][] = [
  ['whose browser says its origin alone', ['Origin', 'https://evil.example']],
  ['that hides where it is from', ['Origin', 'null']],
];

const METHODS = ['GET', 'HEAD', 'POST'];

const suite = proxySuite({ AUTH_PUPPET_TOKEN: SECRET });

describe('with a secret for puppets, which a browser keeps as a password,', () => {
  const url = (target: string) => `${suite.manager.url}/puppetWxkfManager/${target}`;

  beforeEach(() => suite.wecom.addSecret(CORP, CORP_SECRET));

  async function refusalOf(target: string, options: CallOptions): Promise<unknown> {
    const answer = await call(url(target), options);
    expect(suite.calls()).toEqual([]);
    return [answer.status, options.method === 'HEAD' ? CROSS_SITE : jsonOf(answer)];
  }

  it.each([...OTHER_SITES, ...BY_ORIGIN])(
    'nothing of WeCom is called, and no access token asked for, in the name of a page %s',
    async (_whose, headers) => {
      for (const method of METHODS) {
        const options = { method, headers: [...BASIC, ...headers] };
        expect(await refusalOf(`wxkfRequestProxy/${DELETION}`, options)).toEqual([403, CROSS_SITE]);
      }
      for (const target of [GET_TOKEN, `wxkfRequestProxy/${GET_TOKEN.replace('getToken', 'gettoken')}`])
        expect(await refusalOf(target, { headers: [...BASIC, ...headers] })).toEqual([403, CROSS_SITE]);
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

describe('bad input', () => {
  const PREFIX = '/puppetWxkfManager/wxkfRequestProxy/';

  afterEach(() => expect(suite.calls()).toEqual([]));

  async function ask(target: string, { method = 'GET', lines = [`Authorization: Bearer ${SECRET}`] } = {}) {
    const head = [
      `${method} ${target} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      ...lines,
      '',
      '',
    ].join('\r\n');
    const answer = await text(openSocket(suite.manager.url, head));
    const [, status = '', , body = ''] = /^HTTP\/1\.1 (\d+) (.*?)\r\n\r\n(.*)$/s.exec(answer) ?? [];
    return { status: Number(status), head: answer.slice(0, -body.length), body: JSON.parse(body) };
  }

  const shape = (status: number, errmsg = /\w/) => ({
    errcode: status,
    errmsg: expect.stringMatching(errmsg),
  });

  // All kinds of paths and queries are in proxy-target.spec.ts.
  it.each([
    ['../kf/send_msg', /\w/],
    ['%2E%2E%2Fx', /\w/],
    ['kf\\..\\x', /\w/],
    ['http://other.invalid/x', /\w/],
    ['kf/%zz', /\w/],
    ['', /\w/],
    ['k'.repeat(5_000), /\w/],
    ['kf/send_msg?access_token=a&%61ccess_token=b', /access_token must be given once/],
    ['kf/send_msg?corpid=a%20b', /corpid must be/],
    ['kf/send_msg?corpid=ww1&openKfId=..', /openKfId must be/],
    ['kf/send_msg?a=b#c', /percent-encoded/],
  ])('"%.40s" is refused, by GET and by POST', async (target, errmsg) => {
    for (const method of ['GET', 'POST']) {
      const { status, body } = await ask(PREFIX + target, { method });
      expect([method, status, body]).toEqual([method, 400, shape(400, errmsg)]);
    }
  });

  it('without credentials, or with wrong ones, is refused', async () => {
    for (const lines of [[], ['Authorization: Bearer marked-secret_of-nobody']]) {
      const { status, head, body } = await ask(`${PREFIX}kf/send_msg`, { method: 'POST', lines });
      expect([status, body]).toEqual([401, shape(401)]);
      expect(head).toMatch(/www-authenticate: Bearer/i);
    }
  });

  it('a method that there is not is told which there are', async () => {
    for (const method of ['PUT', 'OPTIONS']) {
      const { status, head, body } = await ask(`${PREFIX}kf/send_msg`, { method });
      expect([status, body]).toEqual([405, shape(405)]);
      expect(head).toMatch(/\r\nallow: GET, HEAD, POST\r\n/i);
    }
  });

  it.each([
    ['', /corpsecret missing/, 41004],
    ['?corpid=ww1', /corpsecret missing/, 41004],
    ['?corpsecret=s', /corpid missing/, 41002],
  ])("gettoken%s is answered in WeCom's own words", async (query, errmsg, errcode) => {
    const { status, body } = await ask(`${PREFIX}gettoken${query}`);
    expect([status, body]).toEqual([200, { errcode, errmsg: expect.stringMatching(errmsg) }]);
  });

  it.each(['kf/好', 'kf/send_msg?a=好'])('%s as bytes is no request', async (target) => {
    expect((await ask(PREFIX + target)).status).toBe(400);
  });

  it('a length in words, or both framings at once, is no request', async () => {
    const credentials = `Authorization: Bearer ${SECRET}`;
    for (const lines of [['Content-Length: many'], ['Content-Length: 1', 'Transfer-Encoding: chunked']]) {
      const { status } = await ask(`${PREFIX}kf/send_msg`, {
        method: 'POST',
        lines: [credentials, ...lines],
      });
      expect(status).toBe(400);
    }
  });
});
