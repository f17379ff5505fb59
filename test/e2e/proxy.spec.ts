/** What the API proxy of the built process passes on, on real sockets: everything, as it came, but what is its own. */
import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';
import { call, jsonOf, openSocket, postJsonBody, valuesOf } from '../support/http-call.js';
import { proxySuite } from '../support/proxy-suite.js';
import { postJson, registrationOf } from '../support/puppet-server.js';
import { newApp, newOpenKfId } from '../support/wecom.js';
import { reply } from '../support/wecom-faults.js';

const suite = proxySuite();

/** From `name: value` to names and values in turn. */
const flat = (...lines: string[]) => lines.flatMap((line) => line.split(/: (.*)/).slice(0, 2));
const named = (headers: readonly string[]) => headers.filter((_, at) => at % 2 === 0);

it('passes a GET on and its answer back', async () => {
  const answer = await call(suite.url(`kf/account/list?access_token=${suite.goodToken()}`));
  expect(answer).toMatchObject({ status: 200, statusText: 'OK' });
  expect(valuesOf(answer.rawHeaders, 'content-type')).toEqual(['application/json; charset=UTF-8']);
  expect(jsonOf(answer)).toMatchObject({ errcode: 0, account_list: [{ open_kfid: 'wk-0-100' }] });
  expect(suite.calls()).toMatchObject([{ method: 'GET', path: '/cgi-bin/kf/account/list', bodyBytes: 0 }]);
});

it('passes a POST on to the byte', async () => {
  const body = '{ "touser" : "wm1",\n"msgid":"\\u597d", "text":{"content":"好 1.0"} }';
  const answer = await call(suite.url(`kf/send_msg?access_token=${suite.goodToken()}`), {
    ...postJsonBody({}),
    body,
  });
  expect(jsonOf(answer)).toEqual({ errcode: 0, errmsg: 'ok', msgid: '好' });
  const [received] = suite.calls();
  expect(received).toMatchObject({ method: 'POST', text: body });
  expect(valuesOf(received?.rawHeaders ?? [], 'content-type')).toEqual(['application/json']);
});

it('keeps the query in its order and encoding', async () => {
  const query = 'z=%E5%A5%BD&access_token=t%2D1&a=1&a=2&b=x+y%20z&c&d=&%61=%7e~!\'()*;:@$,/?"[]|&&=e';
  const socket = openSocket(
    suite.manager.url,
    `GET ${suite.path('kf/other')}?${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  );
  await text(socket);
  expect(suite.calls().map(({ target }) => target)).toEqual([`/cgi-bin/kf/other?${query}`]);
});

it('passes headers on as they were written, twice where they came twice, without what is of one connection or for the manager', async () => {
  await call(suite.url('kf/headers?access_token=t'), {
    headers: flat(
      'X-UPPER: a',
      'x-Twice: 1',
      'Authorization: Bearer a-secret-for-the-manager',
      'Cookie: session=a-secret-for-the-manager',
      'X-Twice: 2',
      'Proxy-Authorization: Basic eDp5',
      'TE: trailers',
      'Keep-Alive: timeout=5',
      'X-Of-One: 1',
      'X-Of-Another: 1',
      'Connection: keep-alive, X-Of-One',
      'Connection: x-of-another',
      'X-Latin: caf\u00e9',
      'User-Agent: bot/1',
      'Accept-Encoding: br;q=0.5',
      'x-request-id: given-by-the-caller',
      'X-Forwarded-For: 192.0.2.7',
    ),
  });
  const [received] = suite.calls();
  const raw = received?.rawHeaders ?? [];
  expect(raw.slice(-16)).toEqual(
    flat(
      'X-UPPER: a',
      'x-Twice: 1',
      'X-Twice: 2',
      'X-Latin: caf\u00e9',
      'User-Agent: bot/1',
      'Accept-Encoding: br;q=0.5',
      'X-Forwarded-For: 192.0.2.7',
      'x-request-id: given-by-the-caller',
    ),
  );
  expect(named(raw.slice(0, -16)).sort()).toEqual(['connection', 'host']);
  expect(received?.headers.host).toBe(new URL(suite.wecom.url).host);
});

it("gives WeCom's headers back in the same way, with its own request id", async () => {
  suite.wecom.behave('*', ({ response }) => {
    response.writeHead(
      418,
      'As I Like',
      flat(
        'X-UPPER: a',
        'Set-Cookie: a=1',
        'set-cookie: b=2',
        'Content-Type: text/html; charset=gbk',
        'X-Of-One: 1',
        'Connection: keep-alive, x-of-one',
        'Keep-Alive: timeout=3',
        'x-request-id: of WeCom',
        'X-Latin: caf\u00e9',
        'Date: Thu, 01 Jan 1970 00:00:00 GMT',
      ),
    );
    response.end('<p>');
  });
  const answer = await call(suite.url('kf/headers'), { headers: ['x-request-id', 'mine-1'] });
  expect(answer).toMatchObject({ status: 418, statusText: 'As I Like' });
  expect(answer.body.toString()).toBe('<p>');
  expect(answer.rawHeaders.slice(0, 14)).toEqual(
    flat(
      'X-UPPER: a',
      'Set-Cookie: a=1',
      'set-cookie: b=2',
      'Content-Type: text/html; charset=gbk',
      'X-Latin: caf\u00e9',
      'Date: Thu, 01 Jan 1970 00:00:00 GMT',
      'x-request-id: mine-1',
    ),
  );
  expect(named(answer.rawHeaders.slice(14)).sort()).toEqual(['Connection', 'Transfer-Encoding']);
});

it('gives the call an id where the caller has none, the same to both', async () => {
  const answer = await call(suite.url('kf/any'));
  expect(valuesOf(suite.calls()[0]?.rawHeaders ?? [], 'x-request-id')).toEqual([
    answer.headers['x-request-id'],
  ]);
});

it("gives WeCom's own 404 for an API that there is not", async () => {
  const answer = await call(suite.url('kf/no-such-api'));
  expect([answer.status, answer.body.toString()]).toEqual([404, 'not found']);
});

it.each([
  [204, ''],
  [304, ''],
  [200, ''],
  [302, 'there'],
  [503, 'busy'],
])('gives an answer of %i as it is: "%s"', async (status, body) => {
  suite.wecom.behave(
    '*',
    reply(status, body, status === 302 ? { Location: 'http://elsewhere.invalid/' } : {}),
  );
  const answer = await call(suite.url('kf/any'));
  expect([answer.status, answer.body.toString()]).toEqual([status, body]);
  expect(answer.headers.location).toBe(status === 302 ? 'http://elsewhere.invalid/' : undefined);
  expect(suite.calls()).toHaveLength(1);
});

it('finds the API whatever the number of slashes, and one at its end', async () => {
  const path = suite.path(`kf/send_msg/?access_token=${suite.goodToken()}`).replaceAll('/', '//');
  const answer = await text(
    openSocket(suite.manager.url, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
  );
  expect(answer).toMatch(/"errcode":0/);
});

it('writes one line for a call, with what it was and what came of it', async () => {
  await call(suite.url('kf/send_msg?access_token=t'), {
    ...postJsonBody({}),
    headers: ['x-request-id', 'the-line-of-this-call'],
  });
  const line = await suite.manager.line(({ requestId }) => requestId === 'the-line-of-this-call');
  expect(line).toMatchObject({
    msg: 'proxy.answered',
    method: 'POST',
    api: 'kf/send_msg',
    token: 'caller',
    result: 'answered',
    status: 200,
    errcode: 40014,
    durationMs: expect.any(Number),
  });
});

it('adds no token while no role has a secret, and says what would make it', async () => {
  const app = newApp();
  const registration = registrationOf(app, newOpenKfId(), 'http://127.0.0.1:1');
  await postJson(`${suite.manager.url}/puppetWxkfManager/register`, registration);
  const headers = ['Authorization', 'Bearer marked-secret_of-puppets'];
  const got = await call(suite.url(`kf/send_msg?corpid=${app.corpId}`), { headers });
  expect([got.status, jsonOf(got)]).toEqual([
    401,
    { errcode: 401, errmsg: expect.stringMatching(/AUTH_PUPPET_TOKEN/) },
  ]);
  expect(got.headers['www-authenticate']).toMatch(/Bearer .*Basic /);
  expect(suite.calls().filter(({ api }) => api !== 'gettoken')).toEqual([]);
});
