import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HttpAdapterHost } from '@nestjs/core';
import { pino } from 'pino';
import { call, jsonOf, openSocket } from '../../test/support/http-call.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { API_HEADERS } from '../http/answers/browser-headers.js';
import { HttpCounts } from '../http/limits/http-counts.js';
import { Admission } from './admission.js';

let server: Server;
let url: string;
let isTooMuch: boolean;
let lifecycle: Lifecycle;
let counts: HttpCounts;
let lines: Record<string, unknown>[];

beforeEach(async () => {
  isTooMuch = true;
  lifecycle = new Lifecycle();
  lines = [];
  const log = pino({ level: 'debug', base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  server = createServer((request, answer) => void request.resume().on('end', () => answer.end('served')));
  counts = new HttpCounts(server);
  const host = { httpAdapter: { getHttpServer: () => server } } as HttpAdapterHost;
  new Admission(host, { refusesNext: () => isTooMuch }, lifecycle, counts, log).onModuleInit();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const post = (path: string, headers: readonly string[] = []) =>
  call(url + path, { method: 'POST', headers, body: '<xml></xml>' });

describe('a callback that is too many', () => {
  it.each([
    '/callback/ww1?nonce=1',
    '/callback/decrypted/ww1',
    '//callback//ww1',
    '/%63allback/ww1?nonce=%zz',
    '//callbac%6B/decrypted/ww1',
  ])('is told so in the shape of all errors: %s', async (path) => {
    const answer = await post(path, ['x-request-id', 'request-7']);
    expect([answer.status, jsonOf(answer)]).toEqual([
      503,
      {
        code: 503,
        message: 'More callbacks come in than this process can take now; send it again',
        error: 'OVERLOADED',
        requestId: 'request-7',
      },
    ]);
    expect(answer.headers).toMatchObject({
      ...API_HEADERS,
      'content-type': 'application/json; charset=utf-8',
      'retry-after': '1',
      'x-request-id': 'request-7',
    });
    expect(counts.errorAnswers.get('OVERLOADED')).toBe(1);
  });

  it('gets an id where it brought none', async () => {
    const answer = await post('/callback/ww1');
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(jsonOf(answer).requestId).toBe(answer.headers['x-request-id']);
  });

  it('has a line in the log at debug alone', async () => {
    await post('/callback/ww1', ['x-request-id', 'request-7']);
    expect(lines).toEqual([
      expect.objectContaining({
        level: 20,
        msg: 'http.refused',
        requestId: 'request-7',
        status: 503,
        error: 'OVERLOADED',
      }),
    ]);
  });
});

it.each(['http://host:7777/callback/ww1', 'HTTP://host//%63allback/ww1?x=1'])(
  'is one too where a caller that takes this for a proxy writes %s',
  async (target) => {
    const request = `POST ${target} HTTP/1.1\r\nHost: host\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    expect(await text(openSocket(url, request))).toMatch(/^HTTP\/1\.1 503 .*OVERLOADED/s);
  },
);

describe('its connection', () => {
  const request = (body: string): string =>
    `POST /callback/ww1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  async function untilRead(socket: Socket, what: RegExp): Promise<void> {
    let read = '';
    while (!what.test(read)) read += String((await once(socket, 'data'))[0]);
  }

  it('serves the next callback, also when the body of the one before came later', async () => {
    const whole = request('x'.repeat(60_000));
    const socket = openSocket(url, whole.slice(0, 100));
    await untilRead(socket, /^HTTP\/1\.1 503 .*"requestId":"[^"]+"}$/s);
    isTooMuch = false;
    socket.write(whole.slice(100) + request('<xml>'));
    await untilRead(socket, /^HTTP\/1\.1 200 OK.*served/s);
    socket.destroy();
  });

  it.each([
    ['more than 64 kB', `Content-Length: 70000\r\n\r\n${'x'.repeat(66_000)}`],
    [
      'of unknown length and does not end',
      `Transfer-Encoding: chunked\r\n\r\nfffff\r\n${'x'.repeat(66_000)}`,
    ],
  ])('ends where a body is %s, once its answer could be read', async (_what, sent) => {
    const socket = openSocket(url, `POST /callback/ww1 HTTP/1.1\r\nHost: x\r\n${sent}`);
    await untilRead(socket, /^HTTP\/1\.1 503 .*OVERLOADED/s);
    await once(socket, 'close');
  });

  it('is to be closed by its caller once the process drains', async () => {
    lifecycle.beginDrain();
    expect((await post('/callback/ww1')).headers.connection).toBe('close');
  });
});

it.each([
  ['POST', '/puppetWxkfManager/register'],
  ['POST', '/callback'],
  ['GET', '/callback/ww1?echostr=x'],
  ['GET', '/health/ready'],
  ['POST', '/callback%2Fww1'],
  ['POST', '/%43allback/ww1'],
  ['POST', '/api?/callback/ww1'],
  ['POST', '/api?next=%2Fcallback/ww1'],
])('leaves %s %s alone', async (method, path) => {
  expect((await call(url + path, { method })).body.toString()).toBe('served');
});

it('leaves callbacks alone that are not too many', async () => {
  isTooMuch = false;
  expect((await post('/callback/ww1')).body.toString()).toBe('served');
});
