/** What bad input gets from the API proxy of the built process: an answer in WeCom's shape, and nothing of it reaches WeCom. */
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from '@jest/globals';
import { openSocket } from '../support/http-call.js';
import { proxySuite } from '../support/proxy-suite.js';

const PREFIX = '/puppetWxkfManager/wxkfRequestProxy/';
const ROLE_SECRET = 'marked-secret_of-puppets';

const suite = proxySuite({ AUTH_PUPPET_TOKEN: ROLE_SECRET });

afterAll(() => expect(suite.wecom.calls).toEqual([]));

async function ask(
  target: string,
  { method = 'GET', lines = [`Authorization: Bearer ${ROLE_SECRET}`] } = {},
) {
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

const shape = (status: number, errmsg = /\w/) => ({ errcode: status, errmsg: expect.stringMatching(errmsg) });

describe.each(['GET', 'POST'])('a %s', (method) => {
  it.each([
    '..',
    '../kf/send_msg',
    'kf/../../secret',
    'kf/..',
    './kf/send_msg',
    '.',
    'kf/.%2e/x',
    '%2e%2e/x',
    '%2E%2E%2Fx',
    '%252e%252e%252fx',
    'kf%2Fsend_msg',
    'kf%5c..%5cx',
    'kf\\..\\x',
    'kf/send_msg;a=b',
    'kf/send_msg%00',
    'kf/send_msg%3Fa=b',
    'kf/send_msg%23',
    'kf/send_msg#a',
    'kf/send_msg@host',
    'http://other.invalid/x',
    '%E5%A5%BD',
    'kf/%zz',
    'kf/%',
    '',
    '/',
    'k'.repeat(129),
    'k'.repeat(5_000),
  ])('to the path "%.40s" is refused', async (path) => {
    const { status, body } = await ask(PREFIX + path, { method });
    expect([status, body]).toEqual([400, shape(400)]);
  });

  it.each([
    ['access_token=a&access_token=b', /access_token must be given once/],
    ['access_token=a&access_token=a', /access_token must be given once/],
    ['access_token=a&%61ccess_token=b', /access_token must be given once/],
    ['corpid=a&x=1&corpid=b', /corpid must be given once/],
    ['corpsecret=a&corpsecret=b', /corpsecret must be given once/],
    ['corpid=a&corpid=b&corpsecret=a&corpsecret', /corpid and corpsecret must be given once/],
    ['corpid=', /corpid must be/],
    ['corpid=a%20b', /corpid must be/],
    ['corpid=ww1&openKfId=', /openKfId must be/],
    ['corpid=ww1&openKfId=..', /openKfId must be/],
    ['a=b#c', /percent-encoded/],
  ])('with the query "%s" is refused', async (query, errmsg) => {
    const { status, body } = await ask(`${PREFIX}kf/send_msg?${query}`, { method });
    expect([status, body]).toEqual([400, shape(400, errmsg)]);
  });

  it.each([
    ['without credentials', [], 401],
    ['with wrong ones', ['Authorization: Bearer marked-secret_of-nobody'], 401],
  ])('%s is refused', async (_what, lines, expected) => {
    const { status, head, body } = await ask(`${PREFIX}kf/send_msg`, { method, lines });
    expect([status, body]).toEqual([expected, shape(expected)]);
    expect(head).toMatch(/www-authenticate: Bearer/i);
  });
});

it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('a %s is told which methods there are', async (method) => {
  const { status, head, body } = await ask(`${PREFIX}kf/send_msg`, { method });
  expect([status, body]).toEqual([405, shape(405)]);
  expect(head).toMatch(/\r\nallow: GET, HEAD, POST\r\n/i);
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
  const credentials = `Authorization: Bearer ${ROLE_SECRET}`;
  for (const lines of [['Content-Length: many'], ['Content-Length: 1', 'Transfer-Encoding: chunked']]) {
    const { status } = await ask(`${PREFIX}kf/send_msg`, { method: 'POST', lines: [credentials, ...lines] });
    expect(status).toBe(400);
  }
});
