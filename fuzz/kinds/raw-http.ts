/**
 * HTTP below its own rules: lengths, chunks, line ends, versions. Where two parsers could disagree on where a
 * request ends, a marked one stands in what the strict one takes for a body, or behind what it refuses.
 */
import type { Draw } from '../draw.js';
import { requestBytes } from '../http-request.js';
import { ANSWER_LIMIT_MS, type Input, POISON } from '../input.js';
import { mangled } from '../mutations.js';

type Options = Partial<Omit<Input, 'kind' | 'shape' | 'parts'>>;
type Made = readonly [bytes: string | Buffer, options?: Options];
type Make = (draw: Draw) => Made;

const poison = `GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nx-request-id: ${POISON}\r\n\r\n`;
const path = '/callback/wwfuzz1';
const post = (lines: string, after = '') =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}\r\n\r\n${after}`;
const get = (lines: string, after = '') =>
  `GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}\r\n\r\n${after}`;
/** `text` as one chunk and the end. */
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
const silent: Options = { mayStaySilent: true };
/** A strict parser may refuse it or take it for two requests. */
const two: Options = { answersMax: 2, mayStaySilent: true };

const SHAPES: Readonly<Record<string, Make>> = {
  'Content-Length that is none': (draw) => [
    post(
      `Content-Length: ${draw.pick(['-1', '+5', '0x10', '5 5', '5,5', '5, 6', '1e2', '', ' ', 'five', '9'.repeat(30), '18446744073709551617', '5\t6', '٥', '5;', '"5"'])}`,
      poison,
    ),
  ],
  'Content-Length twice': (draw) => [
    post(
      `Content-Length: ${draw.pick(['0', '5', String(poison.length)])}\r\n${draw.pick(['Content-Length', 'content-length', 'Content-Length '])}: ${draw.pick(['0', '6', String(poison.length)])}`,
      poison,
    ),
    { answersMax: 1 },
  ],
  'Transfer-Encoding and Content-Length': (draw) => {
    const length = `Content-Length: ${draw.pick([0, 4, 5, 6, poison.length, poison.length + 5])}`;
    const coding = `${draw.pick(['Transfer-Encoding', 'transfer-encoding', 'TRANSFER-ENCODING'])}: ${draw.pick(['chunked', 'Chunked', 'chunked '])}`;
    return [
      post(
        draw.isOneIn(2) ? `${length}\r\n${coding}` : `${coding}\r\n${length}`,
        `${draw.pick(['0\r\n\r\n', '1\r\nx\r\n0\r\n\r\n', ''])}${poison}`,
      ),
    ];
  },
  'odd Transfer-Encoding': (draw) => [
    post(
      draw.pick([
        'Transfer-Encoding: xchunked',
        'Transfer-Encoding: chunked, identity',
        'Transfer-Encoding: identity',
        'Transfer-Encoding: chunked, chunked',
        'Transfer-Encoding : chunked',
        ' Transfer-Encoding: chunked',
        'Transfer-Encoding: \x0bchunked',
        'Transfer-Encoding:\r\n chunked',
        'Transfer-Encoding: "chunked"',
        'Transfer-Encoding: gzip\r\nTransfer-Encoding: x',
        'Transfer-Encoding: chunked\0',
        'Transfer-Encoding: ',
        'Transfer-Encoding: chunked;q=1',
        'X: y\nTransfer-Encoding: chunked',
        'Transfer_Encoding: chunked\r\nTransfer-Encoding: x',
      ]) + draw.pick(['', `\r\nContent-Length: ${poison.length}`]),
      `0\r\n\r\n${poison}`,
    ),
    { mayStaySilent: false },
  ],
  'chunks that are none': (draw) => [
    post(
      'Transfer-Encoding: chunked',
      `${draw.pick([
        '0x5\r\nhello',
        '-5\r\nhello',
        '+5\r\nhello',
        ' 5\r\nhello',
        'g\r\nhello',
        '5 \nhello',
        '\r\nhello',
        '5\r\nhelloworld',
        'FFFFFFFFFFFFFFFFF\r\nhello',
        '5;\nhello',
        '5\nhello\n',
        '5\r\nhello\n',
        '5\rhello',
        ';\r\n',
        '5;a="\n"\r\nhello',
        `5;${'x'.repeat(20_000)}\r\nhello`,
      ])}\r\n0\r\n\r\n${poison}`,
    ),
    silent,
  ],
  trailers: (draw) => [
    post(
      'Transfer-Encoding: chunked',
      `1\r\nx\r\n0\r\n${draw.pick(['Content-Length: 5', 'Transfer-Encoding: chunked', 'x-request-id: other', 'Host: x', ' folded', 'no colon', 'a: b\nc: d', `X: ${'y'.repeat(20_000)}`])}\r\n\r\n`,
    ),
    silent,
  ],
  'a body on a request that is answered early': (draw) => [
    `${draw.pick(['POST /nothing', 'POST /puppetWxkfManager/register', 'DELETE /callback/wwfuzz1', 'GET /health/live', 'PUT /', 'POST /puppetWxkfManager/wxkfRequestProxy/kf/sync_msg', 'HEAD /nothing'])} HTTP/1.1\r\nHost: x\r\n${
      draw.isOneIn(2)
        ? `Content-Length: ${poison.length}\r\n\r\n${poison}`
        : `Transfer-Encoding: chunked\r\n\r\n${chunked(poison)}`
    }`,
    { errors: 'either' },
  ],
  'folded and odd header lines': (draw) => [
    get(
      draw.pick([
        'X: a\r\n b',
        ' X: a',
        'X : a',
        'X',
        ': a',
        '\u0000: a',
        'X: \u0000',
        'X: a\rY: b',
        'X: a\nY: b',
        'X: \x7f',
        'X: é',
        'X(: a',
        'X:\t\ta\t',
        'Host: other',
        'Host: ',
        'X-Forwarded-For: ::::',
        'Forwarded: for=""',
        'x-request-id: \t',
        '=: =',
      ]),
    ),
    silent,
  ],
  'line ends': (draw) => [
    draw.pick([
      'GET /health/live HTTP/1.1\nHost: x\n\n',
      'GET /health/live HTTP/1.1\rHost: x\r\r',
      '\r\n\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n',
      '\n\n',
      '\r',
      '\0\0\0\0\r\n\r\n',
      'GET /health/live HTTP/1.1\r\nHost: x\r\n\n',
      'GET /health/live HTTP/1.1\r\n\r\n',
      `GET /health/live HTTP/1.1\r\nHost: x\n\n${poison}`,
      `GET /health/live HTTP/1.1\r\nHost: x\r\rx${poison}`,
    ]),
    { ...two, afterwards: 'half-closes' },
  ],
  'request lines': (draw) => [
    `${draw.pick([
      'get /health/live HTTP/1.1',
      'GET  /health/live HTTP/1.1',
      'GET\t/health/live\tHTTP/1.1',
      'GET /health/live',
      'GET /health/live HTTP/0.9',
      'GET /health/live HTTP/1.2',
      'GET /health/live HTTP/9.9',
      'GET /health/live HTTP/1.10',
      'GET /health/live http/1.1',
      'GET /health/live HTTPS/1.1',
      'GET /health/live ICE/1.0',
      'GET  HTTP/1.1',
      'GET HTTP/1.1',
      ' GET / HTTP/1.1',
      'GET / HTTP/1.1 x',
      'G\0ET / HTTP/1.1',
      'GET /\0 HTTP/1.1',
      'GET /\x7f\x80 HTTP/1.1',
      'FOO / HTTP/1.1',
      `${'A'.repeat(9_000)} / HTTP/1.1`,
      'SOURCE / HTTP/1.1',
      'GET /a b HTTP/1.1',
      'GET http://127.0.0.1/health/live HTTP/1.1',
      'GET http://[::1 HTTP/1.1',
      'GET http:// HTTP/1.1',
      'GET https://user:password@other/callback/x HTTP/1.1',
      'GET other:443 HTTP/1.1',
      'OPTIONS * HTTP/1.1',
      'GET * HTTP/1.1',
      'GET ? HTTP/1.1',
      'GET # HTTP/1.1',
      'GET //other/health HTTP/1.1',
      'GET javascript:alert(1) HTTP/1.1',
      'GET /health/live HTTP/1.0',
    ])}\r\nHost: 127.0.0.1\r\n\r\n`,
    { ...silent, errors: 'either' },
  ],
  'CONNECT and upgrades': (draw) => [
    draw.pick([
      'CONNECT other:443 HTTP/1.1\r\nHost: other\r\n\r\n',
      `CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: x\r\n\r\n${poison}`,
      get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'),
      get('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13'),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'SSH-2.0-x\r\n',
      '\x04\x01\0\x50\x7f\0\0\x01\0',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n',
    ]),
    silent,
  ],
  'very many headers': (draw) => [
    get(Array.from({ length: 1 + draw.below(3_000) }, (_, index) => `h${index}: v`).join('\r\n')),
    silent,
  ],
  'oversize headers': (draw) => [
    get(
      `${draw.pick(['X', 'Cookie', 'Authorization', 'x-request-id', 'Content-Type', 'y'.repeat(9_000)])}: ${'y'.repeat(draw.pick([8_000, 16_300, 17_000, 70_000]))}`,
    ),
    silent,
  ],
  pipelined: (draw) => {
    const count = 2 + draw.below(12);
    const one = draw.pick([
      get('X: y'),
      requestBytes({ target: path, body: '<xml/>' }).toString(),
      requestBytes({ target: '/nothing', body: 'x' }).toString(),
      requestBytes({ method: 'GET', target: '/health' }).toString(),
    ]);
    return [one.repeat(count), { answersMax: count }];
  },
  'pipelined behind a broken one': (draw) => [
    `${draw.pick(['NONSENSE\r\n\r\n', 'GET / HTTP/1.1\r\nBroken\r\n\r\n', post('Content-Length: x')])}${poison}`,
  ],
  expectations: (draw) => [
    post(
      `Content-Length: 6\r\nExpect: ${draw.pick(['100-continue', '100-CONTINUE', '100-continue, x', 'x', ''])}`,
      '<xml/>',
    ),
  ],
  'half a body': (draw) => [
    post(
      draw.pick(['Content-Length: 1000', 'Transfer-Encoding: chunked']),
      draw.pick(['', '<xml>', '3e8\r\n<xml>']),
    ),
    { ...silent, afterwards: draw.pick(['cuts', 'half-closes']) },
  ],
  'half a head': (draw) => {
    const whole = requestBytes({ target: path, headers: { 'Content-Type': 'text/xml' }, body: '<xml/>' });
    return [
      whole.subarray(0, draw.below(whole.length)),
      { ...silent, afterwards: draw.pick(['cuts', 'half-closes']) },
    ];
  },
  'early close': () => [requestBytes({ target: path, body: '<xml/>' }), { ...silent, afterwards: 'cuts' }],
  mangled: (draw) => {
    const whole = requestBytes({
      target: path,
      headers: { 'Content-Type': 'text/xml', 'X-Y': 'z' },
      body: '<xml></xml>',
    });
    return [mangled(draw, whole), { ...silent, answersMax: 3, afterwards: 'half-closes', errors: 'either' }];
  },
};

export function rawHttp(draw: Draw): Input {
  const shape = draw.pick(Object.keys(SHAPES));
  const [bytes, options] = (SHAPES[shape] as Make)(draw);
  return rawInput('raw', shape, [typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes], options);
}

export function rawInput(
  kind: 'raw' | 'slow',
  shape: string,
  parts: readonly Buffer[],
  options: Options = {},
): Input {
  return {
    kind,
    shape,
    parts,
    errors: 'ours',
    answersMax: 1,
    mayStaySilent: false,
    afterwards: 'answers',
    limitMs: ANSWER_LIMIT_MS,
    isHead: parts[0]?.subarray(0, 5).toString() === 'HEAD ',
    isFramed: false,
    ...options,
  };
}
