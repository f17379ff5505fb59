/** Bodies of every kind through the API proxy of the built process, both ways: to the byte, as they were sent. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { call, jsonOf, openSocket, valuesOf } from '../support/http-call.js';
import { proxySuite } from '../support/proxy-suite.js';
import { reply } from '../support/wecom-faults.js';
import { mediaSha256 } from '../support/wecom-media.js';

const suite = proxySuite();

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
  expect(suite.calls()).toMatchObject([{ method: 'POST', bodyBytes: 0, headers: { 'content-length': '0' } }]);
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
