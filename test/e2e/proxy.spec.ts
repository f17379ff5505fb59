/** What the API proxy of the built process passes on, on real sockets: bytes as they came, and headers by a list. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  answerOf,
  call,
  jsonOf,
  open,
  openSocket,
  postJsonBody,
  read,
  valuesOf,
} from '../support/http-call.js';
import { CROSS_SITE, OTHER_SITES } from '../support/other-sites.js';
import { proxySuite } from '../support/proxy-suite.js';
import { postJson, registrationOf } from '../support/puppet-server.js';
import { addTunnelBot, basicOf, refusalOf } from '../support/tunnels.js';
import { newApp, newOpenKfId } from '../support/wecom.js';
import { reply } from '../support/wecom-faults.js';
import { mediaSha256 } from '../support/wecom-media.js';

/** Of a body. */
const LIMIT = 400_000;
const suite = proxySuite({ PROXY_BODY_MAX_BYTES: String(LIMIT) });

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

it('passes on to WeCom the headers of its list as they were written, twice where they came twice', async () => {
  const listed = flat(
    'ACCEPT: */*',
    'Accept-Encoding: br;q=0.5',
    'accept-encoding: gzip',
    'User-Agent: bot/1 caf\u00e9',
    'RANGE: bytes=0-9',
    'If-Range: "tag"',
    'If-Match: "tag"',
    'If-None-Match: W/"tag"',
    'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT',
    'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT',
    'Date: Thu, 01 Jan 1970 00:00:00 GMT',
    'Content-Type: image/png',
    'Content-Encoding: identity',
    'Content-Range: bytes 0-3/9',
    'Content-Disposition: attachment; filename="caf\u00e9.png"',
    'x-request-id: given-by-the-caller',
  );
  // As a text Node would write it in one with the head, and both as UTF-8.
  const body = Buffer.from('body');
  await call(suite.url('kf/headers?access_token=t'), { method: 'POST', headers: listed, body });
  const raw = suite.calls()[0]?.rawHeaders ?? [];
  const at = raw.indexOf('ACCEPT');
  expect(raw.slice(at)).toEqual([...listed, 'content-length', '4']);
  expect(named(raw.slice(0, at)).sort()).toEqual(['connection', 'host']);
  expect(suite.calls()[0]?.headers.host).toBe(new URL(suite.wecom.url).host);
});

it('tells WeCom nothing else: not who asked, by which way, or for whom', async () => {
  await call(suite.url('kf/headers?access_token=t'), {
    headers: flat(
      'Authorization: Bearer a-secret-for-the-manager',
      'Cookie: session=a-secret-for-the-manager',
      'Proxy-Authorization: Basic eDp5',
      'X-Internal-Token: a-secret-of-the-network',
      'X-Forwarded-For: 192.0.2.7',
      'X-Forwarded-Host: manager.internal',
      'X-Real-IP: 192.0.2.7',
      'Forwarded: for=192.0.2.7',
      'Via: 1.1 gateway.internal',
      'Baggage: userId=alice',
      `Origin: ${suite.manager.url}`,
      'Referer: http://manager.internal/console',
      'Content-Type: text/plain',
      'TE: trailers',
      'Keep-Alive: timeout=5',
      'Upgrade: h2c',
      'Connection: keep-alive, X-Of-One, Range',
      'Range: bytes=0-1',
      'X-Of-One: 1',
    ),
  });
  const { rawHeaders = [] } = suite.calls()[0] ?? {};
  expect(named(rawHeaders).sort()).toEqual(['connection', 'host', 'x-request-id']);
  expect(rawHeaders.join()).not.toMatch(/192\.0\.2|internal|alice|a-secret/);
});

it("gives back WeCom's headers of a list as they were written, with its own request id", async () => {
  const listed = flat(
    'Content-TYPE: text/html; charset=gbk',
    'Content-Encoding: identity',
    'Content-Range: bytes 0-2/9',
    'Accept-Ranges: bytes',
    'Content-Disposition: attachment; filename="caf\u00e9.png"',
    'ETag: "tag"',
    'Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT',
    'Date: Thu, 01 Jan 1970 00:00:00 GMT',
    'Retry-After: 7',
    'Error-Code: 40007',
    'Error-Msg: invalid media_id',
    'Content-Length: 3',
  );
  suite.wecom.behave('*', ({ response }) => {
    response.writeHead(418, 'As I Like', [...listed, 'x-request-id', 'of WeCom']);
    response.end(Buffer.from('<p>'));
  });
  const answer = await call(suite.url('kf/headers'), { headers: ['x-request-id', 'mine-1'] });
  expect(answer).toMatchObject({ status: 418, statusText: 'As I Like' });
  expect(answer.body.toString()).toBe('<p>');
  expect(answer.rawHeaders.slice(0, listed.length + 2)).toEqual([...listed, 'x-request-id', 'mine-1']);
});

it("gives back nothing else that WeCom's answer would have a browser do in the manager's name", async () => {
  const refused = flat(
    'Set-Cookie: wxkf_session=theirs',
    'set-cookie: b=2',
    'Clear-Site-Data: "*"',
    'Refresh: 0; url=http://elsewhere.invalid/',
    'Link: <http://elsewhere.invalid/>; rel=preload',
    'Service-Worker-Allowed: /',
    'SourceMap: http://elsewhere.invalid/',
    'Alt-Svc: h3=":443"',
    'WWW-Authenticate: Basic realm="theirs"',
    'Proxy-Authenticate: Basic',
    'Access-Control-Allow-Origin: *',
    'Report-To: {}',
    'Server: nginx',
    'Via: 1.1 theirs',
    'X-UPPER: a',
    'X-Of-One: 1',
    'Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT',
    'Connection: keep-alive, x-of-one, last-modified',
    'Keep-Alive: timeout=3',
  );
  suite.wecom.behave('*', ({ response }) => {
    response.writeHead(200, [...refused, 'Content-Type', 'application/json', 'Content-Length', '2']);
    response.end('{}');
  });
  const answer = await call(suite.url('kf/headers'));
  expect(answer.body.toString()).toBe('{}');
  const names = named(answer.rawHeaders).map((name) => name.toLowerCase());
  expect(names.slice(0, 4)).toEqual(['content-type', 'content-length', 'date', 'x-request-id']);
  const theirs = named(refused).map((name) => name.toLowerCase());
  expect(names.filter((name) => theirs.includes(name))).toEqual(['connection']);
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
])('gives an answer of %i as it is, and leads nowhere else: "%s"', async (status, body) => {
  suite.wecom.behave(
    '*',
    reply(status, body, status === 302 ? { Location: 'http://elsewhere.invalid/' } : {}),
  );
  const answer = await call(suite.url('kf/any'));
  expect([answer.status, answer.body.toString()]).toEqual([status, body]);
  expect(answer.headers.location).toBeUndefined();
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

it('opens no tunnel unless tunnels are turned on', async () => {
  const bot = await addTunnelBot(suite.manager.url, newApp().corpId);
  const answer = await refusalOf(suite.manager.url, '192.0.2.1:443', basicOf(bot.key));
  expect([answer.status, jsonOf(answer).error]).toEqual([403, 'TUNNELS_OFF']);
  expect(String(jsonOf(answer).message)).toContain('TUNNELS=true');
});

it('calls nothing of WeCom for a page of another site', async () => {
  for (const [, headers] of OTHER_SITES)
    for (const method of ['GET', 'POST']) {
      const answer = await call(suite.url('menu/delete?agentid=1&access_token=t'), { method, headers });
      expect([answer.status, jsonOf(answer)]).toEqual([403, CROSS_SITE]);
    }
  expect(suite.calls()).toEqual([]);
});

describe('a body', () => {
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

  it('passes a form on untouched, boundary and bytes', async () => {
    const file = randomBytes(300_000);
    const boundary = '----WebKitFormBoundary"7MA4';
    const body = Buffer.concat([
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="media"; filename="好.bin"; filelength=300000\r\n\r\n`,
      ),
      file,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const type = `multipart/form-data; boundary=${boundary}`;
    const answer = await call(suite.url(`media/upload?access_token=${suite.goodToken()}&type=file`), {
      method: 'POST',
      headers: ['Content-Type', type],
      body,
    });
    const [received] = suite.calls();
    expect(received).toMatchObject({ bodyBytes: body.length, sha256: sha256(body) });
    expect(received?.headers).toMatchObject({ 'content-type': type, 'content-length': String(body.length) });
    expect(jsonOf(answer)).toMatchObject({ errcode: 0, media_id: `media-${sha256(body).slice(0, 16)}` });
  });

  it('asks for a part of a file and gives it as such', async () => {
    suite.wecom.addMedia('m1', { sizeBytes: 500_000, contentType: 'image/png', fileName: 'a.png' });
    const url = suite.url(`media/get?access_token=${suite.goodToken()}&media_id=m1`);
    const part = await call(url, { headers: ['Range', 'bytes=70000-139999'] });
    expect(part.status).toBe(206);
    expect(part.headers).toMatchObject({
      'content-range': 'bytes 70000-139999/500000',
      'content-length': '70000',
      'content-type': 'image/png',
      'content-disposition': 'attachment; filename="a.png"',
    });
    expect(sha256(part.body)).toBe(mediaSha256(140_000, 70_000));
    const beyond = await call(url, { headers: ['Range', 'bytes=500000-'] });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */500000']);
  });

  it('leaves an error of media as it is: 200 and JSON', async () => {
    const answer = await call(suite.url(`media/get?access_token=${suite.goodToken()}&media_id=none`));
    expect(answer.status).toBe(200);
    expect(valuesOf(answer.rawHeaders, 'error-code')).toEqual(['40007']);
    expect(jsonOf(answer)).toMatchObject({ errcode: 40007 });
  });

  it('passes a HEAD on', async () => {
    suite.wecom.addMedia('m2', { sizeBytes: 500_000 });
    const answer = await call(suite.url(`media/get?access_token=${suite.goodToken()}&media_id=m2`), {
      method: 'HEAD',
    });
    expect([answer.status, answer.headers['content-length'], answer.body.length]).toEqual([200, '500000', 0]);
    expect(suite.calls()).toMatchObject([{ method: 'HEAD' }]);
  });

  it('does not unpack what is packed', async () => {
    const packed = gzipSync(JSON.stringify({ errcode: 0, errmsg: 'ok' }));
    suite.wecom.behave(
      '*',
      reply(200, packed, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }),
    );
    const answer = await call(suite.url('kf/packed'), { headers: ['Accept-Encoding', 'gzip'] });
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(answer.body).toString()).toBe('{"errcode":0,"errmsg":"ok"}');
    const request = gzipSync('{"a":1}');
    await call(suite.url('kf/packed'), {
      method: 'POST',
      headers: ['Content-Encoding', 'gzip', 'Content-Type', 'application/json'],
      body: request,
    });
    expect(suite.calls()[1]).toMatchObject({
      sha256: sha256(request),
      headers: { 'content-encoding': 'gzip' },
    });
  });

  it.each([
    ['no length', []],
    ['a length of 0', ['Content-Length: 0', 'Content-Type: application/json']],
    ['one chunk, the last', ['Transfer-Encoding: chunked']],
  ])('passes a POST with an empty body on, of %s', async (_what, lines) => {
    const head = [
      `POST ${suite.path('kf/empty')} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      ...lines,
    ].join('\r\n');
    const body = lines[0]?.startsWith('Transfer') ? '0\r\n\r\n' : '';
    const answer = await text(openSocket(suite.manager.url, `${head}\r\n\r\n${body}`));
    expect(answer).toMatch(/^HTTP\/1\.1 404 .*\r\n\r\nnot found$/s);
    expect(suite.calls()).toMatchObject([
      { method: 'POST', bodyBytes: 0, headers: { 'content-length': '0' } },
    ]);
  });

  it('takes a chunked body, small and large', async () => {
    for (const bytes of [10, 65_536, 65_537, 200_000]) {
      const body = randomBytes(bytes);
      const received = suite.wecom.next('kf/chunked');
      const socket = openSocket(
        suite.manager.url,
        `POST ${suite.path('kf/chunked')} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n`,
      );
      socket.write(body);
      socket.write('\r\n0\r\n\r\n');
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 404 /);
      expect(await received).toMatchObject({ bodyBytes: bytes, sha256: sha256(body) });
    }
  });

  it('lets a caller that waits for it go on with its body', async () => {
    const socket = openSocket(
      suite.manager.url,
      `POST ${suite.path('kf/expected')} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`,
    );
    const [interim] = (await once(socket, 'data')) as [Buffer];
    expect(interim.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(suite.calls()).toEqual([]);
    socket.write('body');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 404 /);
    expect(suite.calls()).toMatchObject([{ text: 'body' }]);
    expect(suite.calls()[0]?.headers.expect).toBeUndefined();
  });
});

describe('a body over the limit', () => {
  const tooLarge = { errcode: 413, errmsg: expect.stringMatching(/larger/) };

  const post = (target: string, ...lines: string[]) =>
    [`POST ${new URL(suite.url(target)).pathname} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join(
      '\r\n',
    );

  it('is refused by its length, and is not sent to WeCom', async () => {
    const answer = await call(suite.url('media/upload'), { method: 'POST', body: Buffer.alloc(LIMIT + 1) });
    expect([answer.status, jsonOf(answer)]).toEqual([413, tooLarge]);
    expect(suite.calls()).toEqual([]);
  });

  it('is refused in chunks, and WeCom does not get the end of it', async () => {
    const head = suite.wecom.nextHead();
    const request = open(suite.url('media/upload'), {
      method: 'POST',
      headers: ['Transfer-Encoding', 'chunked'],
    });
    request.write(Buffer.alloc(LIMIT - 1));
    await (await head).received(LIMIT - 1);
    request.write(Buffer.alloc(2));
    const answer = await read(await answerOf(request));
    expect([answer.status, jsonOf(answer)]).toEqual([413, tooLarge]);
    expect(await (await head).ended).toBe('cut');
    expect((await head).sha256).toBeNull();
    request.destroy();
  });

  it('passes when it is just as large', async () => {
    for (const headers of [[], ['Transfer-Encoding', 'chunked']]) {
      const request = open(suite.url('media/upload'), { method: 'POST', headers });
      request.end(Buffer.alloc(LIMIT));
      expect((await answerOf(request)).statusCode).toBe(200);
    }
    expect(suite.calls().map(({ bodyBytes }) => bodyBytes)).toEqual([LIMIT, LIMIT]);
  });

  it('leaves its connection good for the next call, once the rest of it has been sent', async () => {
    const chunk = `${(50_000).toString(16)}\r\n${'x'.repeat(50_000)}\r\n`;
    const socket = openSocket(suite.manager.url, post('media/upload', 'Transfer-Encoding: chunked'));
    socket.write(chunk.repeat(LIMIT / 50_000 + 1));
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.write(`${chunk.repeat(40)}0\r\n\r\n${post('kf/next', 'Content-Length: 0')}`);
    const [second] = (await once(socket, 'data')) as [Buffer];
    expect(second.toString()).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
  });
});
